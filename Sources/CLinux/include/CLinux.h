// Linux and glibc calls that Swift's Glibc module does not offer: GNU extensions and variadics.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/// Names the calling thread, 15 bytes at most. Source: prctl(2), PR_SET_NAME.
void linux_set_thread_name(const char *name);

/// A descriptor that becomes readable when `pid` ends, or -1 with errno. Source: pidfd_open(2).
int linux_pidfd_open(pid_t pid);

/// posix_spawn(3) of `argv[0]` in a session of its own, with default signal handling and an empty
/// mask. Descriptors 0 to `count`-1 of the child are `descriptors[i]` (-1: /dev/null); everything
/// else is closed. Works in `directory` where it is not NULL. Gives 0 or an errno.
int linux_spawn(pid_t *pid, char *const argv[], char *const envp[], const int *descriptors,
                int count, const char *directory);

/// Writes all of the file system that has `descriptor` to the disk; 0, or -1 with errno.
/// Source: syncfs(2).
int linux_syncfs(int descriptor);

/// Has the kernel kill this process as soon as the thread that started it ends. 0, or -1 with errno.
/// Source: prctl(2), PR_SET_PDEATHSIG.
int linux_die_with_parent(void);

/// An anonymous file in memory, closed on exec, or -1 with errno. Source: memfd_create(2).
int linux_memory_file(const char *name);

/// A pipe whose ends are closed on exec: `ends[0]` reads. 0, or -1 with errno. Source: pipe2(2).
int linux_pipe(int ends[2]);

/// A close-on-exec set of descriptors to wait for, or -1 with errno. Source: epoll_create1(2).
int linux_poller(void);

/// Waits for `descriptor` to be readable or ended too, level-triggered; 0, or -1 with errno.
int linux_poller_add(int poller, int descriptor, uint64_t token);

/// Waits for `descriptor` no more; 0, or -1 with errno.
int linux_poller_remove(int poller, int descriptor);

/// Waits, and puts the tokens of at most 64 readable descriptors into `tokens`; their number, or
/// -1 with errno.
int linux_poller_wait(int poller, uint64_t tokens[64]);

/// The size of a terminal; 0, or -1 with errno. Source: ioctl_tty(2), TIOCGWINSZ.
int linux_terminal_size(int descriptor, struct winsize *size);

/// Whether `part` occurs in `text`. Source: memmem(3).
bool linux_contains(const void *text, size_t text_size, const void *part, size_t part_size);

/// Has allocations from `bytes` on given back to the system when they are freed, whatever was freed
/// before: glibc would raise that limit by itself. Source: mallopt(3), M_MMAP_THRESHOLD.
void linux_return_large_memory(int bytes);

/// Gives freed memory back to the system. Source: malloc_trim(3).
void linux_trim_memory(void);

/// A close-on-exec counter that wakes a poller, non-blocking, or -1 with errno.
/// Source: eventfd(2).
int linux_eventfd(void);
