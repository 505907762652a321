"""The steps around the generator that frames pass on their way in and out."""
