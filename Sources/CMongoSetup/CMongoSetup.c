// libmongoc 1.23 sets itself up in a constructor of its own, before main, also where no MongoDB is
// used. It then puts its counters into /dev/shm/mongoc-<pid>, which outlives a killed process; the
// next process of that pid finds it there and warns on standard error.
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void ignore(mongoc_log_level_t level, const char *domain, const char *message, void *data) {
  (void)level, (void)domain, (void)message, (void)data;
}

// Before the constructors of the libraries (the ELF specification's DT_PREINIT_ARRAY): its log is
// silent. Every failure that matters is an error where it is called.
static void silence(void) { mongoc_log_set_handler(ignore, NULL); }

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) =
    silence;

// After them: nobody reads the counters, so nothing of them stays behind.
__attribute__((constructor)) static void forget_counters(void) {
  char name[32];
  snprintf(name, sizeof name, "/mongoc-%u", (unsigned)getpid());
  shm_unlink(name);
}
