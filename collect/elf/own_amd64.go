package elf

// Own is the machine that pytop itself runs on.
const Own = X86_64
