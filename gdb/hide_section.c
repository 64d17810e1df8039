/* gdb/hide_section.c: build time: takes the section that the code arena is in out of what debuggers see of the library, but for its last page.
 *
 *     hide_section LIBRARY SECTION
 *
 * gdb takes an address for that of the section it finds in the library's section headers, whatever is registered for it later: all compiled code
 * would be `arena`. The section headers are for tools; the dynamic linker goes by the program headers, and those stay. The last page, which is not
 * used, stays visible because strip makes the segments as large as the sections in them.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static int fail(const char *file, const char *what)
{
    fprintf(stderr, "hide_section: %s: %s\n", file, what);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return fail("usage", "hide_section LIBRARY SECTION");
    }
    int descriptor = open(argv[1], O_RDWR);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        return fail(argv[1], "cannot be opened");
    }
    size_t size = (size_t)status.st_size;
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
    if (bytes == MAP_FAILED || size < sizeof *header || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
        header->e_shoff > size || header->e_shnum * sizeof(Elf64_Shdr) > size - header->e_shoff) {
        return fail(argv[1], "is no ELF file");
    }
    Elf64_Shdr *sections = (Elf64_Shdr *)(bytes + header->e_shoff);
    const char *names = bytes + sections[header->e_shstrndx].sh_offset;
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (strcmp(names + sections[i].sh_name, argv[2]) == 0) {
            sections[i].sh_addr += sections[i].sh_size - PAGE_BYTES;
            sections[i].sh_size = PAGE_BYTES;
            return munmap(bytes, size) == 0 ? 0 : fail(argv[1], "cannot be written");
        }
    }
    return fail(argv[1], "has no such section");
}
