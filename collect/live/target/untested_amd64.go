package target

// Untested says what was never tried on this machine's kind; empty: nothing.
const Untested = ""
