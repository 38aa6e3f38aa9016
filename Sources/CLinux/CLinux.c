#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void linux_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int linux_terminal_size(int descriptor, struct winsize *size) {
  return ioctl(descriptor, TIOCGWINSZ, size);
}

bool linux_contains(const void *text, size_t text_size, const void *part, size_t part_size) {
  return memmem(text, text_size, part, part_size) != NULL;
}

void linux_return_large_memory(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

void linux_trim_memory(void) { malloc_trim(0); }

int linux_syncfs(int descriptor) { return syncfs(descriptor); }

int linux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int linux_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_poller_add(int poller, int descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
  return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int linux_poller_remove(int poller, int descriptor) {
  return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL);
}

int linux_poller_wait(int poller, uint64_t tokens[64]) {
  struct epoll_event events[64];
  int count = epoll_wait(poller, events, 64, -1);
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count;
}

int linux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int linux_spawn(pid_t *pid, char *const argv[], char *const envp[], const int *descriptors,
                int count, const char *directory) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  int copies[16];
  int status, made = 0;

  if (count < 0 || count > 16) return EINVAL;
  if ((status = posix_spawn_file_actions_init(&actions)) != 0) return status;
  if ((status = posix_spawnattr_init(&attributes)) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return status;
  }
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSID);

  // Copies above every target, so that no dup2 overwrites a source that is still needed.
  for (int i = 0; status == 0 && i < count; i++, made++) {
    copies[i] = descriptors[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                   : fcntl(descriptors[i], F_DUPFD_CLOEXEC, 64);
    if (copies[i] < 0) {
      status = errno;
      break;
    }
    if (copies[i] < 64) {
      int high = fcntl(copies[i], F_DUPFD_CLOEXEC, 64);
      int error = errno;
      close(copies[i]);
      copies[i] = high;
      if (high < 0) {
        status = error;
        break;
      }
    }
    status = posix_spawn_file_actions_adddup2(&actions, copies[i], i);
  }
  if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(&actions, count);
  if (status == 0 && directory) status = posix_spawn_file_actions_addchdir_np(&actions, directory);
  if (status == 0) status = posix_spawn(pid, argv[0], &actions, &attributes, argv, envp);

  for (int i = 0; i < made; i++) close(copies[i]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

int linux_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int linux_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */); }

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
