"""MemoryPack Studio: long, consistent AI video, segment by segment, with a tree of takes over saved generator memory."""
