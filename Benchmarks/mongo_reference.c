// What libmongoc does without an agent around it, on a server that already holds an agent's catalog.
//
//   mongo_reference bulk URI DATABASE   upserts the documents of DATABASE.tasks, which are read before the
//                                       clock starts, in ordered bulks of 500, into DATABASE_bare.tasks;
//                                       prints the seconds
//   mongo_reference drop URI DATABASE   drops it
//   mongo_reference single URI ROUNDS   prints the median of single upserts, in milliseconds
//   mongo_reference transaction URI DATABASE CORE ROUNDS
//                                       prints medians, in milliseconds, of what a commit of one utility has to
//                                       do in DATABASE and CORE, in one transaction: of all, of reading its
//                                       document, of writing it, the branch and the lease, and of the commit
//
// With the agent's guarantees: w majority, j true.
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void check(bool succeeded, const bson_error_t *error) {
  if (succeeded) return;
  fprintf(stderr, "mongo_reference: %s\n", error->message);
  exit(1);
}

static int ascending(const void *one, const void *two) {
  double a = *(const double *)one, b = *(const double *)two;
  return (a > b) - (a < b);
}

static void upsert(mongoc_bulk_operation_t *bulk, const bson_t *document) {
  bson_t selector = BSON_INITIALIZER, options = BSON_INITIALIZER;
  bson_iter_t id;
  bson_error_t error;
  if (bson_iter_init_find(&id, document, "_id")) bson_append_iter(&selector, "_id", -1, &id);
  BSON_APPEND_BOOL(&options, "upsert", true);
  check(mongoc_bulk_operation_replace_one_with_opts(bulk, &selector, document, &options, &error), &error);
  bson_destroy(&selector);
  bson_destroy(&options);
}

static void bulk(mongoc_client_t *client, const char *database) {
  mongoc_collection_t *source = mongoc_client_get_collection(client, database, "tasks");
  bson_t **documents = NULL;
  size_t count = 0;
  bson_t all = BSON_INITIALIZER;
  bson_error_t error;
  const bson_t *document;
  mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(source, &all, NULL, NULL);
  while (mongoc_cursor_next(cursor, &document)) {
    documents = realloc(documents, (count + 1) * sizeof *documents);
    documents[count++] = bson_copy(document);
  }
  check(!mongoc_cursor_error(cursor, &error), &error);
  mongoc_cursor_destroy(cursor);

  char *name = bson_strdup_printf("%s_bare", database);
  mongoc_collection_t *target = mongoc_client_get_collection(client, name, "tasks");
  double began = now();
  for (size_t next = 0; next < count; next += 500) {
    mongoc_bulk_operation_t *some = mongoc_collection_create_bulk_operation_with_opts(target, NULL);
    for (size_t i = next; i < next + 500 && i < count; i++) upsert(some, documents[i]);
    check(mongoc_bulk_operation_execute(some, NULL, &error) != 0, &error);
    mongoc_bulk_operation_destroy(some);
  }
  printf("%zu %.6f\n", count, now() - began);
}

static void drop(mongoc_client_t *client, const char *name) {
  mongoc_database_t *database = mongoc_client_get_database(client, name);
  bson_error_t error;
  check(mongoc_database_drop(database, &error), &error);
  mongoc_database_destroy(database);
}

static void single(mongoc_client_t *client, int rounds) {
  mongoc_collection_t *target = mongoc_client_get_collection(client, "bare_single", "tasks");
  double *samples = calloc(rounds, sizeof *samples);
  bson_error_t error;
  for (int round = 0; round < rounds; round++) {
    bson_t *selector = BCON_NEW("_id", BCON_INT32(round % 10));
    bson_t *update = BCON_NEW("$set", "{", "value", BCON_INT32(round), "}");
    bson_t *options = BCON_NEW("upsert", BCON_BOOL(true));
    double began = now();
    check(mongoc_collection_update_one(target, selector, update, options, NULL, &error), &error);
    samples[round] = (now() - began) * 1000;
    bson_destroy(selector);
    bson_destroy(update);
    bson_destroy(options);
  }
  qsort(samples, rounds, sizeof *samples, ascending);
  printf("%.6f\n", samples[rounds / 2]);
}

static void set(mongoc_client_t *client, mongoc_client_session_t *session, const char *database,
                const char *name, const bson_t *selector, const bson_t *fields) {
  mongoc_collection_t *target = mongoc_client_get_collection(client, database, name);
  bson_t update = BSON_INITIALIZER, options = BSON_INITIALIZER;
  bson_error_t error;
  BSON_APPEND_DOCUMENT(&update, "$set", fields);
  if (session) check(mongoc_client_session_append(session, &options, &error), &error);
  check(mongoc_collection_update_one(target, selector, &update, &options, NULL, &error), &error);
  bson_destroy(&update);
  bson_destroy(&options);
  mongoc_collection_destroy(target);
}

static bson_t *first(mongoc_client_t *client, mongoc_client_session_t *session, const char *database,
                     const char *name, const bson_t *selector) {
  mongoc_collection_t *source = mongoc_client_get_collection(client, database, name);
  bson_t options = BSON_INITIALIZER;
  bson_error_t error;
  const bson_t *document;
  bson_t *copy = NULL;
  BSON_APPEND_INT64(&options, "limit", 1);
  if (session) check(mongoc_client_session_append(session, &options, &error), &error);
  mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(source, selector, &options, NULL);
  if (mongoc_cursor_next(cursor, &document)) copy = bson_copy(document);
  check(!mongoc_cursor_error(cursor, &error), &error);
  mongoc_cursor_destroy(cursor);
  bson_destroy(&options);
  mongoc_collection_destroy(source);
  if (!copy) fprintf(stderr, "mongo_reference: %s.%s is empty\n", database, name), exit(1);
  return copy;
}

static bson_t *selector_of(const bson_t *document) {
  bson_t *selector = bson_new();
  bson_iter_t id;
  if (bson_iter_init_find(&id, document, "_id")) bson_append_iter(selector, "_id", -1, &id);
  return selector;
}

static void transaction(mongoc_client_t *client, const char *database, const char *core, int rounds) {
  bson_t all = BSON_INITIALIZER;
  bson_t *task = first(client, NULL, database, "tasks", &all), *task_id = selector_of(task);
  bson_t *state_id = selector_of(first(client, NULL, database, "sync_state", &all));
  bson_t *lease_id = selector_of(first(client, NULL, core, "leases", &all));
  enum { STEPS = 5 };
  double *samples[1 + STEPS], times[1 + STEPS];
  for (int step = 0; step <= STEPS; step++) samples[step] = calloc(rounds, sizeof **samples);
  bson_error_t error;
  for (int round = 0; round < rounds; round++) {
    bson_t fields = BSON_INITIALIZER, mark = BSON_INITIALIZER, reply;
    char hash[65];
    snprintf(hash, sizeof hash, "%064d", round);
    bson_copy_to_excluding_noinit(task, &fields, "_id", "filehash", NULL);
    BSON_APPEND_UTF8(&fields, "filehash", hash);
    BSON_APPEND_INT32(&mark, "bench", round);
    times[0] = now();
    mongoc_client_session_t *session = mongoc_client_start_session(client, NULL, &error);
    check(session != NULL, &error);
    check(mongoc_client_session_start_transaction(session, NULL, &error), &error);
    bson_destroy(first(client, session, database, "tasks", task_id));
    times[1] = now();
    set(client, session, database, "tasks", task_id, &fields);
    times[2] = now();
    set(client, session, database, "sync_state", state_id, &mark);
    times[3] = now();
    set(client, session, core, "leases", lease_id, &mark);
    times[4] = now();
    check(mongoc_client_session_commit_transaction(session, &reply, &error), &error);
    times[STEPS] = now();
    samples[0][round] = (times[STEPS] - times[0]) * 1000;
    for (int step = 1; step <= STEPS; step++) samples[step][round] = (times[step] - times[step - 1]) * 1000;
    bson_destroy(&reply);
    mongoc_client_session_destroy(session);
    bson_destroy(&fields);
    bson_destroy(&mark);
  }
  for (int step = 0; step <= STEPS; step++) {
    qsort(samples[step], rounds, sizeof **samples, ascending);
    printf("%.6f\n", samples[step][rounds / 2]);
  }
}

int main(int count, char **arguments) {
  if (count != 4 && count != 6) {
    fprintf(stderr, "usage: mongo_reference bulk URI DATABASE | drop URI DATABASE | single URI ROUNDS | "
                    "transaction URI DATABASE CORE ROUNDS\n");
    return 64;
  }
  mongoc_init();
  mongoc_client_t *client = mongoc_client_new(arguments[2]);
  mongoc_write_concern_t *durable = mongoc_write_concern_new();
  mongoc_write_concern_set_w(durable, MONGOC_WRITE_CONCERN_W_MAJORITY);
  mongoc_write_concern_set_journal(durable, true);
  mongoc_client_set_write_concern(client, durable);
  if (!strcmp(arguments[1], "bulk"))
    bulk(client, arguments[3]);
  else if (!strcmp(arguments[1], "drop"))
    drop(client, arguments[3]);
  else if (!strcmp(arguments[1], "transaction"))
    transaction(client, arguments[3], count == 6 ? arguments[4] : "", count == 6 ? atoi(arguments[5]) : 0);
  else
    single(client, atoi(arguments[3]));
  return 0;
}
