// SPDX-License-Identifier: Apache-2.0
/*
 * Programs of the target run in a container of ours, which may have more rights than the target has. So that they cannot
 * use them, they get the user, the groups and at most the capabilities of the target, and no way to gain others.
 */
#include "helper.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* 65,536 groups, the most there can be, make 720 kB. */
static const size_t longest_status = 1 << 20;

static void parse_groups(const char *line, struct identity *identity) {
  size_t room = 0;
  for (const char *at = line; *at != '\0' && *at != '\n'; at++) room += *at == ' ' || *at == '\t';
  identity->groups = calloc(room + 1, sizeof *identity->groups);
  if (identity->groups == NULL) fail(EXIT_SYSTEM, "read-identity", "memory", ENOMEM);
  char *end;
  for (;; line = end) {
    line += strspn(line, " \t");
    if (*line < '0' || *line > '9') return;
    identity->groups[identity->count++] = (gid_t)strtoul(line, &end, 10);
  }
}

struct identity identity_of(const struct process *target) {
  size_t length;
  char *status = read_of(target, "status", longest_status, &length);
  if (status == NULL) fail(EXIT_GONE, "read-identity", "target", errno);
  struct identity identity = {.uid = target->ids.uid[1], .gid = target->ids.gid[1]};
  unsigned long long bounding, inheritable;
  if (sscanf(line_of(status, "CapBnd:"), "%llx", &bounding) != 1 ||
      sscanf(line_of(status, "CapInh:"), "%llx", &inheritable) != 1)
    fail(EXIT_SYSTEM, "read-identity", "target", EPROTO);
  identity.bounding = bounding;
  identity.inheritable = inheritable;
  parse_groups(line_of(status, "Groups:"), &identity);
  free(status);
  return identity;
}

/* A container that may not drop them keeps them out of reach by no_new_privs: the kernel then adds none at an exec. */
static void narrow_bounding(uint64_t kept) {
  for (unsigned bit = 0; prctl(PR_CAPBSET_READ, bit) >= 0; bit++) {
    if ((kept & CAPABILITY(bit)) == 0) (void)prctl(PR_CAPBSET_DROP, bit, 0, 0, 0);
  }
}

static bool has_groups(const struct identity *identity) {
  int count = getgroups(0, NULL);
  if (count < 0 || (size_t)count != identity->count) return false;
  gid_t *own = calloc((size_t)count + 1, sizeof *own);
  bool same = own != NULL && getgroups(count, own) == count &&
              memcmp(own, identity->groups, (size_t)count * sizeof *own) == 0;
  free(own);
  return same;
}

void take_identity(const struct identity *identity) {
  narrow_bounding(identity->bounding);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(EXIT_IDENTITY, "no-new-privs", "self", errno);
  const uint64_t missing = (CAPABILITY(SETUID) | CAPABILITY(SETGID)) & ~own_capabilities().effective;
  if (setgroups(identity->count, identity->groups) != 0 && !has_groups(identity))
    fail_missing(EXIT_IDENTITY, "take-groups", "target", errno, missing);
  if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
    fail_missing(EXIT_IDENTITY, "take-group", "target", errno, missing);
  if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
    fail_missing(EXIT_IDENTITY, "take-user", "target", errno, missing);
  struct capabilities kept = own_capabilities();
  kept.permitted &= identity->bounding;
  kept.effective = kept.permitted;
  kept.inheritable &= identity->inheritable;
  if (!set_capabilities(&kept)) fail(EXIT_IDENTITY, "give-up-capabilities", "self", errno);
}
