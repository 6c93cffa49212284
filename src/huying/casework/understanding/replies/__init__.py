"""How good an answer is: to the point, complete, grounded, kind and plain."""
