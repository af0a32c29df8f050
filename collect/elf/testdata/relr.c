/* A small shared object with pointers to itself, of which the linker makes
   packed relative relocations, and a symbol, a build ID and a name. Made with
     gcc -O2 -shared -fPIC -nostdlib -Wl,-z,pack-relative-relocs,-soname,librelr.so.1,--build-id=0x0123456789abcdef \
         -Wl,-z,noseparate-code,-z,max-page-size=4096 -o relr.so relr.c && strip relr.so
   and, with -Wl,-z,nopack-relative-relocs, rela.so. */
static int words[70];
const char cache_tag[] = "cpython-38";
int *const pointers[70] = {
	&words[0], &words[1], &words[2], &words[3], &words[4], &words[5], &words[6], &words[7], &words[8], &words[9],
	[68] = &words[68], [69] = &words[69],
};
int first(void) { return words[0]; }
