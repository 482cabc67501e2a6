"""Prices: which rate held for a SKU at an instant, and what a GPU is compared with."""
