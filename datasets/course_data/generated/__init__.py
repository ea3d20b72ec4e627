"""Generators: images from a seed and nothing else."""
