// A translation unit to hang the shared precompiled header on.
