/* What bionic's libc has and glibc has not, or has in another way. The rest is passed on; see harness.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Defines a function of bionic's name without a clash with glibc's declaration of it. */
#define BIONIC(name) __asm__(#name)

/* stdin, stdout and stderr are &__sF[0..2] in bionic, whose FILE has 152 bytes. */
char bionic_sF[3 * 152] __asm__("__sF");

static FILE *glibc_file(void *file) {
  char *position = file;
  if (position < bionic_sF || position >= bionic_sF + sizeof bionic_sF) return file;
  int index = (position - bionic_sF) / 152;
  return index == 0 ? stdin : index == 1 ? stdout : stderr;
}

int *bionic_errno(void) BIONIC(__errno);
int *bionic_errno(void) { return __errno_location(); }

int bionic_vfprintf(void *file, const char *format, va_list arguments) BIONIC(vfprintf);
int bionic_vfprintf(void *file, const char *format, va_list arguments) {
  return vdprintf(fileno_unlocked(glibc_file(file)), format, arguments);
}

int bionic_fprintf(void *file, const char *format, ...) BIONIC(fprintf);
int bionic_fprintf(void *file, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int result = bionic_vfprintf(file, format, arguments);
  va_end(arguments);
  return result;
}

int bionic_fputc(int character, void *file) BIONIC(fputc);
int bionic_fputc(int character, void *file) { return putc(character, glibc_file(file)); }

size_t bionic_fwrite(const void *data, size_t size, size_t count, void *file) BIONIC(fwrite);
size_t bionic_fwrite(const void *data, size_t size, size_t count, void *file) {
  return fwrite_unlocked(data, size, count, glibc_file(file));
}

int bionic_fflush(void *file) BIONIC(fflush);
int bionic_fflush(void *file) { return fflush_unlocked(glibc_file(file)); }

int bionic_fileno(void *file) BIONIC(fileno);
int bionic_fileno(void *file) { return fileno_unlocked(glibc_file(file)); }

size_t bionic_strlen_chk(const char *text, size_t size) BIONIC(__strlen_chk);
size_t bionic_strlen_chk(const char *text, size_t size) {
  (void)size;
  return strlen(text);
}

int bionic_property_get(const char *name, char *value) BIONIC(__system_property_get);
int bionic_property_get(const char *name, char *value) {
  (void)name;
  value[0] = 0;
  return 0;
}

void bionic_abort_message(const char *message) BIONIC(android_set_abort_message);
void bionic_abort_message(const char *message) { fputs(message ? message : "", stderr); }

extern int __xpg_strerror_r(int, char *, size_t);
int bionic_strerror_r(int error, char *buffer, size_t size) BIONIC(strerror_r);
int bionic_strerror_r(int error, char *buffer, size_t size) { return __xpg_strerror_r(error, buffer, size); }

/* bionic: dlsym(RTLD_DEFAULT) also looks in the caller's own library, even one that was loaded RTLD_LOCAL. */
void *bionic_dlsym(void *handle, const char *name) BIONIC(dlsym);
void *bionic_dlsym(void *handle, const char *name) {
  void *(*find)(void *, const char *) = dlvsym(RTLD_DEFAULT, "dlsym", "GLIBC_2.2.5");
  void *(*open)(const char *, int) = dlvsym(RTLD_DEFAULT, "dlopen", "GLIBC_2.2.5");
  void *found = find(handle, name);
  Dl_info caller;
  if (!found && handle == RTLD_DEFAULT && dladdr(__builtin_return_address(0), &caller) && caller.dli_fname) {
    void *own = open(caller.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    if (own) found = find(own, name);
  }
  return found;
}

/* bionic numbers _SC_* in its own way. */
long bionic_sysconf(int name) BIONIC(sysconf);
long bionic_sysconf(int name) {
  long (*ask)(int) = dlvsym(RTLD_DEFAULT, "sysconf", "GLIBC_2.2.5");
  switch (name) {
    case 0x27:
    case 0x28: return ask(_SC_PAGESIZE);
    case 0x60: return ask(_SC_NPROCESSORS_CONF);
    case 0x61: return ask(_SC_NPROCESSORS_ONLN);
    case 0x62: return ask(_SC_PHYS_PAGES);
  }
  return -1;
}

int bionic_log_vprint(int priority, const char *tag, const char *format, va_list arguments) BIONIC(__android_log_vprint);
int bionic_log_vprint(int priority, const char *tag, const char *format, va_list arguments) {
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  dprintf(2, "[%d/%s] %s\n", priority, tag, text);
  return 1;
}

int bionic_log_print(int priority, const char *tag, const char *format, ...) BIONIC(__android_log_print);
int bionic_log_print(int priority, const char *tag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int result = bionic_log_vprint(priority, tag, format, arguments);
  va_end(arguments);
  return result;
}

int bionic_log_write(int priority, const char *tag, const char *message) BIONIC(__android_log_write);
int bionic_log_write(int priority, const char *tag, const char *message) {
  dprintf(2, "[%d/%s] %s\n", priority, tag, message);
  return 1;
}

/* All other functions jump through this table to glibc's; harness.py writes names.h and the jumps. */
#include "names.h"
__attribute__((visibility("hidden"))) void *shim_table[NAME_COUNT + 1];

static void missing(void) { dprintf(2, "bionic shim: a function that glibc has not was called\n"); }

__attribute__((constructor)) static void fill_table(void) {
  void *(*open)(const char *, int) = dlvsym(RTLD_DEFAULT, "dlopen", "GLIBC_2.2.5");
  void *(*find)(void *, const char *) = dlvsym(RTLD_DEFAULT, "dlsym", "GLIBC_2.2.5");
  void *libraries[] = {open("libc.so.6", RTLD_NOW), open("libm.so.6", RTLD_NOW)};
  for (int i = 0; i < NAME_COUNT; i++) {
    void *function = find(libraries[0], names[i]);
    if (!function) function = find(libraries[1], names[i]);
    shim_table[i] = function ? function : missing;
  }
}
