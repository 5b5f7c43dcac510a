// SPDX-License-Identifier: Apache-2.0
import type { CatalogueEntry } from './catalogue-entry.ts';

/** What keeps the scan service from taking, running or showing a scan. */
export const serviceCodes = {
  SERVICE_KEY_INVALID: {
    exit: 4,
    meaning: 'The scan service got no key, or one that is unknown, expired or revoked.',
    remedy: 'Pass a valid key as `Authorization: Bearer cs_…`; an administrator of the team makes a new one.',
  },
  SERVICE_TOKEN_REFUSED: {
    exit: 4,
    meaning: 'The scan service does not take the token that a CI system or a cluster gave.',
    remedy:
      'Ask the CI system for a new token with the audience that the message names; an administrator of the team registers its issuer and a rule for its claims.',
  },
  ID_TOKEN_UNAVAILABLE: {
    exit: 4,
    meaning:
      'The CI system or the cluster did not give the job an ID token for the scan service, or what it gave is not one.',
    remedy:
      'Let the job have ID tokens, for the audience that the service has registered: docs/service.md says how for each system; or pass --server-token.',
  },
  SERVICE_SIGN_IN_REFUSED: {
    exit: 4,
    meaning:
      'A person was not signed in to the scan service: the provider refused, or what came back is not what this browser began.',
    remedy: 'Sign in again, in one browser and within ten minutes.',
  },
  ISSUER_UNUSABLE: {
    exit: 4,
    meaning: 'The issuer of tokens cannot be asked for its keys, or what it answers is not what an issuer answers.',
    remedy:
      'Check the address of the issuer. One in a private network needs a network that the service was started with (--allow-network), or its keys given with its registration.',
  },
  SERVICE_FORBIDDEN: {
    exit: 4,
    meaning: 'The role of the key does not allow what was asked.',
    remedy: 'Use a key with the role that the message names, or ask somebody who has it.',
  },
  SERVICE_NOT_FOUND: {
    exit: 4,
    meaning: 'The scan service has nothing of that name or id for this team.',
    remedy: 'Check the name or id, and that the key belongs to the team that owns it.',
  },
  SERVICE_CONFLICT: {
    exit: 2,
    meaning: 'What was sent contradicts what the scan service has under the same key, name or version.',
    remedy: 'Use another idempotency key or name; what is stored is not changed.',
  },
  SERVICE_BODY: {
    exit: 2,
    meaning: 'The body of a call to the scan service is too large, of another type, or not JSON.',
    remedy: 'Send JSON as application/json, of at most the size that the message names.',
  },
  SERVICE_QUOTA: {
    exit: 4,
    meaning: 'The team has as many scans waiting as it may have.',
    remedy: 'Wait as long as Retry-After says, or cancel scans that are waiting.',
  },
  SERVICE_UNAVAILABLE: {
    exit: 4,
    meaning: 'The scan service cannot answer now: its database or a part of it is not there, or it is stopping.',
    remedy: 'Try again later; `/readyz` of the service says what is missing.',
  },
  SERVICE_UNREACHABLE: {
    exit: 4,
    meaning:
      'The scan service that --server names does not answer, or is not the one that its certificate should name.',
    remedy: 'Check the address, the network and any proxy; for a certificate authority of your own pass --server-ca.',
  },
  SERVICE_ANSWER: {
    exit: 4,
    meaning: 'What answered at --server did not answer as a scan service does, or contradicted itself.',
    remedy:
      'Check the address: a proxy or a sign-in page may answer in its place. Command and service have to be of versions that fit.',
  },
  SERVICE_SCHEMA: {
    exit: 2,
    meaning: 'The database of the scan service has a layout that this version does not know or has not made yet.',
    remedy: 'Run `cinc-scan-service migrate`, or start the version that made it.',
  },
  SERVICE_IN_USE: {
    exit: 2,
    meaning: 'The data folder of the scan service belongs to another process that runs.',
    remedy: 'Stop that process, or name another folder with --data.',
  },
  SERVICE_DATA: {
    exit: 5,
    meaning: 'The scan service cannot read or write what it keeps, or it is not what it was.',
    remedy: 'Check space and rights of the data folder; restore a backup if content is damaged.',
  },
  SERVICE_TOO_OFTEN: {
    exit: 4,
    meaning: 'Somebody at this address has failed to sign in too often, and has to wait.',
    remedy: 'Wait for a minute, and see that the key or token is a valid one.',
  },
  CLUSTER_UNASKED: {
    exit: 4,
    meaning: 'No runner of the scan service has answered for the cluster in time: nothing is known of what it has.',
    remedy:
      'See that a worker, or a runner of the region of the cluster, is running and reaches the service; ask again.',
  },
  SERVICE_NOT_EMPTY: {
    exit: 2,
    meaning: 'A backup is restored into an empty service only, and this one has something already.',
    remedy: 'Name another data folder, or a database that was just created; nothing was changed.',
  },
  BACKUP_INVALID: {
    exit: 2,
    meaning: 'The file is not a whole backup of the scan service: it is damaged, cut off, or something else.',
    remedy: 'Take another copy of the backup, or an older one; nothing of this one was restored.',
  },
  EXPORT_INVALID: {
    exit: 2,
    meaning: 'The file is not a whole export of a team: it is damaged, cut off, or something else.',
    remedy: 'Make the export again: cinc-scan-service export. Nothing of this one was taken.',
  },
  BACKUP_VERSION: {
    exit: 2,
    meaning: 'The backup was made by a later version of the scan service.',
    remedy: 'Restore it with that version, or a later one.',
  },
  SERVICE_UNISOLATED: {
    exit: 2,
    meaning: 'This machine cannot keep the code of profiles apart from the scan service and its credentials.',
    remedy:
      'Give it what the message names as missing (docs/jail.md says what that takes), or accept the risk with --allow-unisolated, where every profile that is approved is trusted like the service.',
  },
  PROFILE_UNAPPROVED: {
    exit: 2,
    meaning: 'The registered profile is not approved for scans, or was withdrawn.',
    remedy: 'Ask an approver of the team to approve that version.',
  },
  RUN_LOST: {
    exit: 4,
    meaning: 'The process that ran a scan went away without saying how it ended, more than once.',
    remedy: 'Look into the log of the runners; the scan can be asked for again.',
  },
  JOB_UNSTARTED: {
    exit: 4,
    meaning:
      'The pod that should have run the scan did not begin: its Job was refused, its image was not to be had, or it found no node.',
    remedy:
      'Look at the Jobs in the namespace of the worker (kubectl describe job), and check its --job-image and other --job options.',
  },
  JOB_LOST: {
    exit: 4,
    meaning:
      'The pod that ran the scan was killed, evicted or deleted, or ran too long, before it said how the scan ended.',
    remedy: 'See whether the nodes have room for it; the scan can be asked for again.',
  },
  RUN_EXPIRED: {
    exit: 4,
    meaning: 'No runner took the scan before its deadline.',
    remedy: 'Start more runners, or ask with a later deadline.',
  },
} as const satisfies Record<string, CatalogueEntry>;
