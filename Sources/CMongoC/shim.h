#pragma once
#include <mongoc/mongoc.h>
#include <string.h>

// Reading a field wants a bson_iter_t, whose alignment of 128 bytes is kept to C's own stack here.

// The bytes of a binary field, or false where there is none.
static inline bool sync_bson_binary(const bson_t *document, const char *key, const uint8_t **bytes,
                                    uint32_t *count) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, document, key) || !BSON_ITER_HOLDS_BINARY(&iter)) return false;
  bson_iter_binary(&iter, NULL, count, bytes);
  return true;
}

// The bytes of a string field, or NULL where there is none. They live as long as the document.
static inline const char *sync_bson_string(const bson_t *document, const char *path,
                                           uint32_t *count) {
  bson_iter_t iter, found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found) ||
      !BSON_ITER_HOLDS_UTF8(&found))
    return NULL;
  return bson_iter_utf8(&found, count);
}

// A field of any number type, or a boolean, as a whole number; false where there is none.
static inline bool sync_bson_integer(const bson_t *document, const char *path, int64_t *value) {
  bson_iter_t iter, found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found))
    return false;
  if (!BSON_ITER_HOLDS_NUMBER(&found) && !BSON_ITER_HOLDS_BOOL(&found)) return false;
  *value = bson_iter_as_int64(&found);
  return true;
}

// A field's moment in milliseconds since 1970; false where it is no date.
static inline bool sync_bson_date(const bson_t *document, const char *path, int64_t *value) {
  bson_iter_t iter, found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found) ||
      !BSON_ITER_HOLDS_DATE_TIME(&found))
    return false;
  *value = bson_iter_date_time(&found);
  return true;
}

// The 24 hexadecimal digits of a field's ObjectId; false where it is none. `text` has room for 25.
static inline bool sync_bson_object_id(const bson_t *document, const char *path, char *text) {
  bson_iter_t iter, found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found) ||
      !BSON_ITER_HOLDS_OID(&found))
    return false;
  bson_oid_to_string(bson_iter_oid(&found), text);
  return true;
}

// Whether there is such a field.
static inline bool sync_bson_has(const bson_t *document, const char *path) {
  bson_iter_t iter, found;
  return bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, path, &found);
}

// How many bytes a document has.
static inline uint32_t sync_bson_length(const bson_t *document) { return document->len; }

// A copy of an embedded document, or NULL where there is none.
static inline bson_t *sync_bson_document(const bson_t *document, const char *path) {
  bson_iter_t iter, found;
  const uint8_t *bytes;
  uint32_t count;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found))
    return NULL;
  if (BSON_ITER_HOLDS_DOCUMENT(&found))
    bson_iter_document(&found, &count, &bytes);
  else if (BSON_ITER_HOLDS_ARRAY(&found))
    bson_iter_array(&found, &count, &bytes);
  else
    return NULL;
  return bson_new_from_data(bytes, count);
}

// A copy of a document without some of its top-level fields; `without` ends with NULL.
static inline bson_t *sync_bson_without(const bson_t *document, const char *const *without) {
  bson_t *copy = bson_new();
  bson_iter_t iter;
  if (!bson_iter_init(&iter, document)) return copy;
  while (bson_iter_next(&iter)) {
    const char *key = bson_iter_key(&iter);
    bool skip = false;
    for (const char *const *name = without; *name && !skip; name++) skip = !strcmp(*name, key);
    if (!skip) bson_append_value(copy, key, -1, bson_iter_value(&iter));
  }
  return copy;
}

// Copies one top-level field under a name of its own; false where there is none.
static inline bool sync_bson_copy_field(const bson_t *document, const char *key, bson_t *target,
                                        const char *name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, document, key) &&
         bson_append_value(target, name, -1, bson_iter_value(&iter));
}
