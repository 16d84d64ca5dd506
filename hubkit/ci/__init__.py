"""What a GitHub workflow asks of hubkit: which recipes to train, is this runner fit, how did it end, what to say.

`rows`, `steps` and `sorting` need nothing but the standard library: the job that starts other runs installs no package.
"""
