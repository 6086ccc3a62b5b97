"""FramePack-F1's family: HunyuanVideo's transformer with a packed context, placed part by part on small GPUs."""
