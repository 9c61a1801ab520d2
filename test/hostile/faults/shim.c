// Preloaded into a process, fails one of the system calls that change files below FAULT_FOLDER:
//   FAULT_COUNTER  a file of four zero bytes; calls are counted in it, over all processes
//   FAULT_LOG      gets one line a call: its number, its name, its path
//   FAULT_AT       the number of the call to fail; none where it is 0
//   FAULT_KIND     error N (an errno), kill (SIGKILL before the call), half (half of a write, or the whole of another
//                  call, then SIGKILL), short (half of a write, and on)
// cc -shared -fPIC -O1 -o shim.so shim.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PASS, REFUSE, HALF, SHORT };

static atomic_int *counter;
static const char *folder, *kind;
static int target;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FAULT_COUNTER");
  if (!file) return;
  int handle = syscall(SYS_openat, AT_FDCWD, file, O_RDWR, 0);
  void *shared = mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
  syscall(SYS_close, handle);
  if (shared == MAP_FAILED) return;
  folder = getenv("FAULT_FOLDER");
  kind = getenv("FAULT_KIND");
  target = getenv("FAULT_AT") ? atoi(getenv("FAULT_AT")) : 0;
  counter = shared;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// What to do with this call; errno is set where it is to be refused.
static int fate(const char *call, const char *path) {
  char absolute[4096], line[4300];
  if (!counter || !folder || !path) return PASS;
  if (path[0] != '/') {
    char here[2048];
    if (!getcwd(here, sizeof here)) return PASS;
    snprintf(absolute, sizeof absolute, "%s/%s", here, path);
    path = absolute;
  }
  if (strncmp(path, folder, strlen(folder))) return PASS;
  int number = atomic_fetch_add(counter, 1) + 1;
  const char *log = getenv("FAULT_LOG");
  if (log) {
    int length = snprintf(line, sizeof line, "%d %s %s\n", number, call, path);
    int handle = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    syscall(SYS_write, handle, line, length);
    syscall(SYS_close, handle);
  }
  if (number != target || !kind) return PASS;
  if (!strcmp(kind, "kill")) die();
  if (!strcmp(kind, "half")) return HALF;
  if (!strcmp(kind, "short")) return SHORT;
  errno = atoi(kind);
  return REFUSE;
}

static const char *pathOf(int handle, char *buffer, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, buffer, size - 1);
  if (length < 0 || buffer[0] != '/') return NULL; // Pipes and sockets.
  buffer[length] = 0;
  return buffer;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

// A call by path or handle that is not a write: refused, or made and died after.
#define PLAIN(name, path, parameters, arguments) \
  int name parameters { \
    REAL(name); \
    int what = fate(#name, path); \
    if (what == REFUSE) return -1; \
    int result = real arguments; \
    if (what == HALF) die(); \
    return result; \
  }

static __thread char handlePath[4096];
#define BY_HANDLE pathOf(handle, handlePath, sizeof handlePath)

PLAIN(fsync, BY_HANDLE, (int handle), (handle))
PLAIN(fdatasync, BY_HANDLE, (int handle), (handle))
PLAIN(ftruncate, BY_HANDLE, (int handle, off_t length), (handle, length))
PLAIN(ftruncate64, BY_HANDLE, (int handle, off64_t length), (handle, length))
PLAIN(rename, to, (const char *from, const char *to), (from, to))
PLAIN(link, to, (const char *from, const char *to), (from, to))
PLAIN(symlink, to, (const char *from, const char *to), (from, to))
PLAIN(unlink, path, (const char *path), (path))
PLAIN(rmdir, path, (const char *path), (path))
PLAIN(mkdir, path, (const char *path, mode_t mode), (path, mode))
PLAIN(utimensat, path, (int at, const char *path, const struct timespec times[2], int flags), (at, path, times, flags))

ssize_t write(int handle, const void *bytes, size_t size) {
  REAL(write);
  int what = fate("write", BY_HANDLE);
  if (what == REFUSE) return -1;
  ssize_t result = real(handle, bytes, what == PASS || size < 2 ? size : size / 2);
  if (what == HALF) die();
  return result;
}

ssize_t pwrite64(int handle, const void *bytes, size_t size, off64_t offset) {
  REAL(pwrite64);
  int what = fate("pwrite", BY_HANDLE);
  if (what == REFUSE) return -1;
  ssize_t result = real(handle, bytes, what == PASS || size < 2 ? size : size / 2, offset);
  if (what == HALF) die();
  return result;
}
ssize_t pwrite(int handle, const void *bytes, size_t size, off_t offset) { return pwrite64(handle, bytes, size, offset); }

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  int what = flags & (O_CREAT | O_WRONLY | O_RDWR) ? fate("open", path) : PASS;
  if (what == REFUSE) return -1;
  int result = real(path, flags, mode);
  if (what == HALF) die();
  return result;
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open64(path, flags, mode);
}
