"""Memory of a film: FramePack's packed context, MemoryPack's psi and RoPE indices, the snapshot that holds both."""
