"""The networks and optimizers of CycleGAN as one model."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace

import pytest
import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.disturbance import draw_disturbance, shifted
from mediatrans.training.model.fading import draw_fade, faded
from mediatrans.training.model.losses import Losses
from tests.training.tiny import TINY

CPU = torch.device("cpu")


LARGER = {"size": 32, "load_size": 32}
"""What a projected discriminator needs at least."""


def batch(seed: int, count: int = 1, side: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator, dtype=torch.float64) * 2 - 1


def double(config: TrainConfig) -> CycleGAN:
    model = CycleGAN(config, CPU)
    for network in model.networks().values():
        network.double()
    return model


def weights(model: CycleGAN) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name, network in model.networks().items()
        for key, value in network.state_dict().items()
    }


@contextmanager
def gradients_seen() -> Iterator[list[Tensor]]:
    """The gradients at every optimiser step inside the block, in the optimisers' order."""
    seen: list[Tensor] = []

    def note(optimiser: Optimizer, args: object, kwargs: object) -> None:
        for group in optimiser.param_groups:
            seen.extend(weight.grad.clone() for weight in group["params"])

    handle = register_optimizer_step_pre_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


def straightforward(
    model: CycleGAN, a: Tensor, b: Tensor, equivariance: float = 0.0
) -> tuple[list[Tensor], Losses]:
    """The paper's objective in six generator passes, every network by itself."""
    forth, back, judge_a, judge_b = model.networks().values()
    fake_b, fake_a = forth(a), back(b)
    gan_g, gan_f = (judge_b(fake_b) - 1).square().mean(), (judge_a(fake_a) - 1).square().mean()
    cycle_a, cycle_b = (back(fake_b) - a).abs().mean(), (forth(fake_a) - b).abs().mean()
    identity_a, identity_b = (back(a) - a).abs().mean(), (forth(b) - b).abs().mean()
    objective = gan_g + gan_f + 10 * (cycle_a + cycle_b) + 5 * (identity_a + identity_b)
    moved = draw_disturbance(16, model.config.seed, 0, CPU)
    for network, picture, translated in ((forth, a, fake_b), (back, b, fake_a)):
        change = network(shifted(picture, moved) + moved.noise) - shifted(translated, moved)
        objective = objective + equivariance * change.abs().mean()
    found = list(torch.autograd.grad(objective, [*forth.parameters(), *back.parameters()]))
    d_a = ((judge_a(a) - 1).square().mean() + judge_a(fake_a.detach()).square().mean()) / 2
    d_b = ((judge_b(b) - 1).square().mean() + judge_b(fake_b.detach()).square().mean()) / 2
    found += torch.autograd.grad(d_a + d_b, [*judge_a.parameters(), *judge_b.parameters()])
    nothing = torch.zeros(2)
    parts = (gan_g, gan_f, cycle_a, cycle_b, identity_a, identity_b, *nothing, d_a, d_b)
    return found, Losses(*(part.item() for part in parts))


@pytest.mark.parametrize("count", [1, 2])
def test_the_paired_step_has_the_gradients_of_the_straightforward_one(count: int) -> None:
    a, b = batch(0, count), batch(1, count)
    config = replace(TINY, ema=0.0)
    expected, losses = straightforward(double(config), a, b)
    with gradients_seen() as seen:
        found = double(config).step(a, b)
    assert astuple(found) == pytest.approx(astuple(losses))
    for mine, theirs in zip(seen, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9)


def test_equivariance_adds_its_gradient() -> None:
    a, b = batch(0), batch(1)
    config = replace(TINY, ema=0.0, lambda_equivariance=3.0)
    expected, _ = straightforward(double(config), a, b, equivariance=3.0)
    with gradients_seen() as seen:
        double(config).step(a, b)
    for mine, theirs in zip(seen, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9)


def test_a_step_moves_all_four_networks() -> None:
    model = CycleGAN(TINY, CPU)
    before = weights(model)
    model.step(batch(0).float(), batch(1).float())
    after = weights(model)
    moved = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"G", "F", "D_A", "D_B"}


def test_a_rate_of_nothing_moves_nothing() -> None:
    model = CycleGAN(TINY, CPU)
    before = weights(model)
    model.step(batch(0).float(), batch(1).float(), rate=0.0)
    assert all(torch.equal(value, before[key]) for key, value in weights(model).items())


def test_the_seed_decides_the_weights_and_nothing_else_is_disturbed() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = CycleGAN(TINY, CPU), CycleGAN(TINY, CPU)
    assert torch.equal(torch.rand(1), expected)
    other = CycleGAN(replace(TINY, seed=1), CPU)
    assert all(torch.equal(value, weights(second)[key]) for key, value in weights(first).items())
    assert not torch.equal(
        first.G.state_dict()["encoder.1.weight"], other.G.state_dict()["encoder.1.weight"]
    )


def test_cycles_are_learned() -> None:
    model = CycleGAN(replace(TINY, learning_rate=2e-3), CPU)
    a, b = batch(0).float(), batch(1).float()
    losses = [model.step(a, b) for _ in range(40)]
    assert losses[-1].cycle_a < 0.8 * losses[0].cycle_a


@pytest.mark.parametrize(
    "change",
    [
        {"gan_loss": "log"},
        {"lambda_identity": 0.0},
        {"lambda_tv": 1.0},
        {"lambda_equivariance": 1.0},
        {"precision": "bfloat16"},
        {"separable": True},
        {"tone_skip": True},
        {"upsample": "resize"},
        {"head": "colour_maps"},
        {"head": "colour_maps", "lambda_map_smooth": 3.0, "precision": "bfloat16"},
        {"lambda_projected": 1.0, **LARGER},
        {"lambda_projected": 1.0, "diff_augment": True, "precision": "bfloat16", **LARGER},
        {"lambda_equivariance": 1.0, "equivariance_flow": 4.0},
        {"fade_share": 0.5},
        {"pool_size": 0},
        {"ema": 0.0},
    ],
)
def test_every_option_trains(change: dict[str, object]) -> None:
    model = CycleGAN(TINY.updated(change, "the test"), CPU)
    for step in range(3):
        a, b = (batch(step + other, side=model.config.size).float() for other in (0, 9))
        losses = model.step(a, b)
    assert all(abs(value) < 10 for value in astuple(losses))
    assert model.is_finite()


def test_total_variation_smooths() -> None:
    def roughness(weight: float) -> float:
        model = CycleGAN(replace(TINY, lambda_tv=weight, ema=0.0, learning_rate=2e-3), CPU)
        a, b = batch(0).float(), batch(1).float()
        for _ in range(30):
            model.step(a, b)
        with torch.no_grad():
            return float(model.G(a).diff(dim=3).abs().mean())

    assert roughness(50.0) < 0.5 * roughness(0.0)


def test_averaged_generators_lag_behind() -> None:
    model = CycleGAN(replace(TINY, ema=0.9), CPU)
    start = model.G.state_dict()["encoder.1.weight"].clone()
    for step in range(5):
        model.step(batch(step).float(), batch(step + 9).float())
    average, _ = model.generators
    now, mean = model.G.state_dict()["encoder.1.weight"], average.state_dict()["encoder.1.weight"]
    assert 0 < (mean - start).abs().sum() < (now - start).abs().sum()


def test_without_averaging_the_generators_are_the_trained_ones() -> None:
    model = CycleGAN(replace(TINY, ema=0.0), CPU)
    assert model.generators == (model.G, model.F)


def test_a_restored_model_goes_on_bit_for_bit() -> None:
    model = CycleGAN(TINY, CPU)
    for step in range(4):
        model.step(batch(step).float(), batch(step + 9).float())
    restored = CycleGAN(replace(TINY, seed=77), CPU)
    restored.load_state_dict(copy.deepcopy(model.state_dict()))
    for step in range(4, 8):
        a, b = batch(step).float(), batch(step + 9).float()
        assert model.step(a, b) == restored.step(a, b)
    assert all(torch.equal(v, weights(restored)[k]) for k, v in weights(model).items())


ALL_MEANS = {
    "head": "colour_maps",
    "lambda_map_smooth": 3.0,
    "lambda_detail": 0.5,
    "lambda_projected": 1.0,
    "diff_augment": True,
    "lambda_equivariance": 1.0,
    "equivariance_flow": 4.0,
    "fade_share": 0.5,
    **LARGER,
}


def test_all_means_together_go_on_bit_for_bit() -> None:
    config = TINY.updated(ALL_MEANS, "the test")
    model = CycleGAN(config, CPU)
    for step in range(3):
        model.step(batch(step, side=32).float(), batch(step + 9, side=32).float())
    restored = CycleGAN(config, CPU)
    state = copy.deepcopy(model.state_dict())
    assert {"P_A", "P_B"} <= set(state)
    restored.load_state_dict(state)
    for step in range(3, 6):
        a, b = batch(step, side=32).float(), batch(step + 9, side=32).float()
        assert model.step(a, b) == restored.step(a, b)
    assert all(torch.equal(v, weights(restored)[k]) for k, v in weights(model).items())


def test_projected_heads_learn_and_the_frozen_network_is_not_saved() -> None:
    config = TINY.updated({"lambda_projected": 1.0, **LARGER}, "the test")
    model = CycleGAN(config, CPU)
    before = weights(model)
    losses = model.step(batch(0, side=32).float(), batch(1, side=32).float())
    moved = {k.split(".")[0] for k, v in weights(model).items() if not torch.equal(v, before[k])}
    assert {"P_A", "P_B"} <= moved
    assert losses.p_a > 0
    assert losses.projected_g != 0
    numbers = sum(v.numel() for v in model.state_dict()["P_A"].values())
    assert numbers < 500_000


def test_projected_discriminators_change_what_the_generators_learn() -> None:
    a, b = batch(0, side=32), batch(1, side=32)
    seen = []
    for weight in (1e-9, 5.0):
        config = TINY.updated({"lambda_projected": weight, "ema": 0.0, **LARGER}, "the test")
        model = CycleGAN(config, CPU)
        with gradients_seen() as gradients:
            model.step(a.float(), b.float())
        seen.append(gradients[0])
    assert not torch.allclose(seen[0], seen[1])


def test_less_detail_allowed_changes_what_the_generators_learn() -> None:
    a, b = batch(0, side=32), batch(1, side=32)
    seen = []
    for allowed in (1.0, 100.0):
        means = {"lambda_detail": 5.0, "detail_allowed": allowed, "ema": 0.0, **LARGER}
        model = CycleGAN(TINY.updated(means, "the test"), CPU)
        with gradients_seen() as gradients:
            model.step((a * 0.1).float(), (b * 0.1).float())
        seen.append(gradients[0])
    assert not torch.allclose(seen[0], seen[1])


def test_a_run_with_projected_heads_begins_with_one_that_had_none() -> None:
    first = CycleGAN(TINY, CPU)
    first.step(batch(0, side=32).float(), batch(1, side=32).float())
    model = CycleGAN(TINY.updated({"lambda_projected": 1.0, **LARGER}, "the test"), CPU)
    heads = copy.deepcopy(model.networks()["P_A"].state_dict())
    model.begin_with(first.state_dict())
    averaged = first.state_dict()["average_G"]
    assert all(torch.equal(v, averaged[k]) for k, v in model.G.state_dict().items())
    assert all(torch.equal(v, heads[k]) for k, v in model.networks()["P_A"].state_dict().items())


def test_both_domains_fade_alike() -> None:
    config = TINY.updated({"fade_share": 0.5, "batch_size": 4}, "the test")
    a, b = batch(0, 4).float(), batch(1, 4).float()
    fade = draw_fade(0.5, 4, config.seed, 0, CPU)
    assert 0 < (fade.share > 0).sum() < 4
    expected = CycleGAN(replace(config, fade_share=0.0), CPU).step(faded(a, fade), faded(b, fade))
    assert CycleGAN(config, CPU).step(a, b) == expected


def test_moments_saved_in_another_layout_are_the_same_moments() -> None:
    """A run that moved from the GPU brings its moments channels-last."""
    model = CycleGAN(TINY, CPU)
    model.step(batch(0).float(), batch(1).float())
    state = copy.deepcopy(model.state_dict())
    for moments in state["adam_generators"]["state"].values():
        for name in ("exp_avg", "exp_avg_sq"):
            if moments[name].dim() == 4:
                moments[name] = moments[name].to(memory_format=torch.channels_last)
    restored = CycleGAN(TINY, CPU)
    restored.load_state_dict(state)
    a, b = batch(2).float(), batch(3).float()
    model.step(a, b)
    restored.step(a, b)
    assert all(torch.equal(v, weights(restored)[k]) for k, v in weights(model).items())


def test_a_broken_weight_is_noticed() -> None:
    model = CycleGAN(TINY, CPU)
    assert model.is_finite()
    with torch.no_grad():
        next(model.D_A.parameters()).fill_(float("nan"))
    assert not model.is_finite()


def test_a_compiler_that_fails_leaves_the_step_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(function: object, **options: object) -> object:
        def fail(*args: object) -> object:
            raise RuntimeError("no compiler")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    model, untouched = CycleGAN(TINY, CPU), CycleGAN(TINY, CPU)
    with pytest.raises(RuntimeError, match="no compiler"):
        model.compile()
    a, b = batch(0).float(), batch(1).float()
    assert model.step(a, b) == untouched.step(a, b)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_compiled_step_is_the_eager_one() -> None:
    eager, compiled = CycleGAN(TINY, CPU), CycleGAN(TINY, CPU)
    before = weights(compiled)
    compiled.compile()
    assert all(torch.equal(v, before[k]) for k, v in weights(compiled).items())
    a, b = batch(0).float(), batch(1).float()
    assert astuple(compiled.step(a, b)) == pytest.approx(astuple(eager.step(a, b)), rel=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all_means_together_compile() -> None:
    config = TINY.updated({**ALL_MEANS, "label_classes": 2}, "the test")
    eager, compiled = CycleGAN(config, CPU), CycleGAN(config, CPU)
    before = weights(compiled)
    compiled.compile()
    assert all(torch.equal(v, before[k]) for k, v in weights(compiled).items())
    a, b = batch(0, side=32).float(), batch(1, side=32).float()
    labels = torch.ones(1, 32, 32, dtype=torch.uint8), torch.zeros(1, 32, 32, dtype=torch.uint8)
    expected = astuple(eager.step(a, b, labels=labels))
    assert astuple(compiled.step(a, b, labels=labels)) == pytest.approx(
        expected, rel=1e-3, abs=1e-6
    )
