package target

// Untested says what was never tried on this machine's kind; empty: nothing.
const Untested = "counting on arm64 is untested: its sites are proven on files, and nothing was ever attached to one"
