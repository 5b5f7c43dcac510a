// SPDX-License-Identifier: Apache-2.0
import type { CatalogueEntry, FailureExit } from './catalogue-entry.ts';
import { serviceCodes } from './service-codes.ts';
import { sourceCodes } from './source-codes.ts';

export type { FailureExit };

/** Every code there is. docs/errors.md is generated from it. */
export const catalogue = {
  USAGE: {
    exit: 2,
    meaning: 'An option or argument is unknown, missing or malformed.',
    remedy: 'Run the command with --help to see its options.',
  },
  INPUT_UNKNOWN: {
    exit: 2,
    meaning: 'A configuration file or the environment names an input that does not exist.',
    remedy: 'Remove it or correct its name; `cinc-scan scan --help` lists the inputs.',
  },
  INPUT_INVALID: {
    exit: 2,
    meaning: 'An input has a value of the wrong type, form or range.',
    remedy: 'Correct the value; the message says what was expected.',
  },
  CONFIG_UNREADABLE: {
    exit: 2,
    meaning: 'The configuration file cannot be read or is not one YAML mapping.',
    remedy: 'Check the path and the YAML syntax of the file named in the message.',
  },
  REQUEST_INVALID: {
    exit: 2,
    meaning:
      'A request document is malformed, made for another version, too large, or holds what a request does not hold.',
    remedy: 'Write it with `cinc-scan scan … --print-request`, or check it against docs/schemas/request.schema.json.',
  },
  PROFILE_MISSING: {
    exit: 2,
    meaning: 'A profile path does not exist or is not a profile.',
    remedy: 'Give the path of a directory with an inspec.yml, or of a profile archive.',
  },
  PROFILE_INVALID: {
    exit: 2,
    meaning: 'The profile cannot be read: malformed metadata, no controls at all, or an unsafe archive.',
    remedy: 'Run `cinc-scan profile check` (or `cinc-auditor check`) on the profile and fix what it reports.',
  },
  PROFILE_UNPINNED: {
    exit: 2,
    meaning: 'A profile is fetched from a URL that is not pinned to a digest.',
    remedy:
      'Add the SHA-256 of the file: https://HOST/FILE.tar.gz#sha256=DIGEST, or `sha256:` next to `url:` in depends.',
  },
  PROFILE_DIGEST: {
    exit: 2,
    meaning: 'The fetched profile is not the requested one: its SHA-256 differs.',
    remedy: 'Find out who changed it; if you trust the new content, give its SHA-256.',
  },
  PROFILE_REFUSED: {
    exit: 2,
    meaning:
      'A profile source or archive is unsafe: it leads out of its own folder, unpacks to too much, redirects elsewhere, or could make a tool do something else.',
    remedy: 'The message says what was refused; docs/profiles.md lists what a source may be.',
  },
  PROFILE_OFFLINE: {
    exit: 2,
    meaning: 'With --offline, a profile is needed that was never fetched on this machine.',
    remedy: 'Fetch it once without --offline (`cinc-scan profile check`), or pack it with `cinc-scan profile vendor`.',
  },
  PROFILE_INPUT_INVALID: {
    exit: 2,
    meaning: 'A required input of the profile has no value, or an input has a value of the wrong type.',
    remedy: '`cinc-scan profile inspect` lists the inputs of a profile; pass values with --input or --input-file.',
  },
  NOTHING_SELECTED: {
    exit: 2,
    meaning: 'A filter matches no control, so what it was meant for would not run.',
    remedy: '`cinc-scan profile inspect` lists the controls of a profile and their tags.',
  },
  WAIVER_INVALID: {
    exit: 2,
    meaning: 'A waiver file is malformed.',
    remedy: 'Every waiver needs a justification; dates are YYYY-MM-DD.',
  },
  THRESHOLD_INVALID: {
    exit: 2,
    meaning: 'The threshold is invalid: every bound must be enforceable.',
    remedy: 'Fix the keys and values that the message names; docs/gate.md lists every valid key.',
  },
  BASELINE_INVALID: {
    exit: 2,
    meaning: 'The baseline is missing, is not a result file, or belongs to another target.',
    remedy: 'Give the result file of an earlier scan of the same target and profile.',
  },
  RESULT_INVALID: {
    exit: 2,
    meaning: 'A result file given by the user is missing or is not exec-JSON (HDF).',
    remedy: 'Give a JSON file written by `cinc-auditor exec --reporter json` or by cinc-scan.',
  },
  ...sourceCodes,
  ...serviceCodes,
  RUN_INVALID: {
    exit: 2,
    meaning:
      'The scan.json of a run is missing or broken, contradicts itself, or does not match the result files next to it.',
    remedy: 'Give the output folder of a run as the run left it; to judge its result files alone, copy them elsewhere.',
  },
  RUN_VERSION: {
    exit: 2,
    meaning:
      'The scan.json of a run was written by another version of cinc-scan, in a layout that this version cannot show.',
    remedy:
      'Show the run with the version that wrote it (tool.version), or judge its result files again: cinc-scan report -i FILES -T THRESHOLD',
  },
  RUN_UNFINISHED: {
    exit: 2,
    meaning: 'The run whose scan.json was given has not finished, or was killed.',
    remedy: 'Wait until it has, or start the scan again.',
  },
  OUTPUT_UNWRITABLE: {
    exit: 2,
    meaning: 'A report cannot be written where it was asked for.',
    remedy: 'Check that the folder exists, is writable and does not leave the workspace through a link.',
  },
  SCRATCH_UNUSABLE: {
    exit: 2,
    meaning: 'The folder for temporary files is missing, cannot be written, or has a path too long for a Unix socket.',
    remedy: 'Set TMPDIR to a short path of a folder that can be written, such as /tmp.',
  },
  NO_TARGETS: {
    exit: 2,
    meaning: 'A selector matches no running container.',
    remedy: 'List the pods with their labels: kubectl get pods -n <namespace> --show-labels; or pass --allow-empty.',
  },
  KUBECONFIG_INVALID: {
    exit: 2,
    meaning: 'There is no kubeconfig, it cannot be read, or its context does not exist.',
    remedy: 'Set KUBECONFIG or pass --kubeconfig and --context; `kubectl config get-contexts` lists them.',
  },
  CLUSTER_UNREACHABLE: {
    exit: 4,
    meaning: 'The API server does not answer.',
    remedy: 'Check the server address of the kubeconfig, the network and any proxy: kubectl get --raw /version',
  },
  CLUSTER_UNAUTHORIZED: {
    exit: 4,
    meaning: 'The API server does not accept the credentials (expired or revoked).',
    remedy: 'Sign in again, or renew the kubeconfig or the token that was given: kubectl auth whoami',
  },
  CLUSTER_FORBIDDEN: {
    exit: 4,
    meaning: 'The identity lacks a permission.',
    remedy: 'Ask for the permission named; `cinc-scan access operator-role` prints the smallest Role that suffices.',
  },
  CLUSTER_REFUSED: {
    exit: 4,
    meaning: 'The API server refused a request for another reason.',
    remedy: 'The message names the request and what the server said.',
  },
  CIRCUIT_OPEN: {
    exit: 4,
    meaning: 'After repeated failures of the cluster, no further target was opened.',
    remedy: 'Fix the failure reported for the targets before this one, then scan again.',
  },
  TARGET_NOT_FOUND: {
    exit: 4,
    meaning: 'A pod, workload or container named explicitly does not exist.',
    remedy: 'List the pods: kubectl get pods -n <namespace>',
  },
  TARGET_NOT_RUNNING: {
    exit: 4,
    meaning: 'The container exists but is not running.',
    remedy: 'Wait until it runs, or find out why it does not: kubectl describe pod <pod> -n <namespace>',
  },
  CONTAINER_UNNAMED: {
    exit: 4,
    meaning:
      'One of several pods has more than one container, and the request does not name one; the other pods were scanned.',
    remedy: 'Name one with --container, or scan all of them with --all-containers.',
  },
  TARGET_CHANGED: {
    exit: 4,
    meaning: 'The pod or container was replaced or restarted during the scan.',
    remedy: 'Scan again once the rollout or restart has ended.',
  },
  TARGET_LOST: {
    exit: 4,
    meaning: 'The stream into the container ended before the audit was complete.',
    remedy: 'Look at the pod (restart, memory limit, node): kubectl describe pod <pod> -n <namespace>',
  },
  TARGET_TIMEOUT: {
    exit: 4,
    meaning: 'The target did not answer in time.',
    remedy: 'Raise --timeout, or find out what keeps the container from answering.',
  },
  TARGET_CORRUPT: {
    exit: 4,
    meaning: 'The container answered with something that does not fit the protocol.',
    remedy: 'The tools of the image are broken or hostile: scan it with --lens debug.',
  },
  SHELL_MISSING: {
    exit: 4,
    meaning: 'The container has no shell, so the exec lens cannot see into it.',
    remedy: 'Scan it with --lens debug (Kubernetes 1.25 or later).',
  },
  LENS_UNAVAILABLE: {
    exit: 4,
    meaning: 'The lens that was asked for cannot be used on this target.',
    remedy: 'The message names the step that failed; docs/approaches.md compares the lenses.',
  },
  PROFILE_NOT_ALLOWED: {
    exit: 4,
    meaning: 'A pod names a profile that --annotated-profiles does not allow, or no profile was named for it.',
    remedy:
      'Add the profile to --annotated-profiles, or correct the annotation cinc-scan.dev/profile of the pod; or name a profile with --profile, or for some targets below per-target in cinc-scan.yml.',
  },
  VIEW_PARTIAL: {
    exit: 4,
    meaning:
      'Security settings expose only the files of the target, or let the target answer for itself or reach our tools, and --require-view demands more.',
    remedy: 'Grant the tools container what the message names as missing, or pass --require-view any.',
  },
  GRANT_FAILED: {
    exit: 4,
    meaning: 'The temporary identity could not be made.',
    remedy: '`cinc-scan doctor` names each missing permission; or use --access existing.',
  },
  GRANT_TOO_WIDE: {
    exit: 4,
    meaning: 'The temporary identity can do more than it was made for.',
    remedy: 'Some other binding gives rights to every service account: look for bindings to system:serviceaccounts.',
  },
  GRANT_NOT_REVOKED: {
    exit: 4,
    meaning: 'The temporary identity could not be taken back completely.',
    remedy: 'Run `cinc-scan sweep`, or delete the objects labelled app.kubernetes.io/managed-by=cinc-scan.',
  },
  DEADLINE: {
    exit: 4,
    meaning: 'The deadline of the run passed before this target was audited.',
    remedy: 'Raise --deadline or --concurrency, or scan fewer targets.',
  },
  ENGINE_MISSING: {
    exit: 5,
    meaning: 'No usable CINC Auditor was found.',
    remedy:
      'Install Ruby 3.1 or later and run with --engine gems, or install CINC Auditor; `cinc-scan doctor` says what is missing.',
  },
  ENGINE_UNTRUSTED: {
    exit: 5,
    meaning: 'The fetched package of the auditor does not match the given digest; it was not unpacked.',
    remedy: 'Compare engine-sha256 with the digest that the publisher gives for exactly this file.',
  },
  ENGINE_CRASHED: {
    exit: 5,
    meaning: 'The engine ended before it had completed the audit.',
    remedy: 'Run again with --log-level debug to see what the engine printed.',
  },
  JAIL_TOO_WEAK: {
    exit: 5,
    meaning: 'This machine cannot keep profile code as far from itself as --require-jail demands; none was loaded.',
    remedy:
      '`cinc-scan doctor` says what is missing, and docs/jail.md what gives it; or pass --require-jail with less.',
  },
  POOL_CLOSED: {
    exit: 5,
    meaning: 'An engine was asked for after the pool of engines was closed.',
    remedy: 'Close the pool (`EnginePool`) after the last run that uses it.',
  },
  ENGINE_FAILED: {
    exit: 5,
    meaning: 'The engine or the profile code raised an error outside any control.',
    remedy: 'Fix the profile at the place named in the message.',
  },
  PROFILE_UNREACHABLE: {
    exit: 5,
    meaning: 'A profile could not be fetched: its server does not answer, refuses, or the cache cannot be used.',
    remedy: 'Check the address and the network; what was fetched before can be used with --offline.',
  },
  PROFILE_NOT_LOADED: {
    exit: 5,
    meaning: 'The profile was not evaluated: it failed to load or does not support the platform.',
    remedy: 'Read the status message; check `supports` in inspec.yml and the control files.',
  },
  NOTHING_CHECKED: {
    exit: 5,
    meaning: 'The audit ran, and not one control has a result.',
    remedy: 'Check the filters (--controls, --tags) and the `supports` of the profile.',
  },
  CONTROLS_MISSING: {
    exit: 5,
    meaning:
      'The result lacks controls or checks that the profile has: a dependency does not support the platform, two controls share an id, or the filters match none of the controls that the target has.',
    remedy:
      'Scan targets that every part of the profile supports, or choose controls with --controls; give each control an id of its own.',
  },
  OUTPUTS_MISSING: {
    exit: 5,
    meaning: 'A scan ended without its outputs file, or the file belongs to another run or names another exit code.',
    remedy: 'Read the log of the scan: it ended before it could write the file, or was never started.',
  },
  HUNG_UP: {
    exit: 129,
    meaning: 'The terminal or session of the run went away (SIGHUP); the grant was revoked first.',
    remedy: 'Start the scan again, detached from the terminal: setsid cinc-scan scan …',
  },
  CANCELLED: {
    exit: 130,
    meaning: 'The run was interrupted; the grant was revoked first.',
    remedy: 'Start the scan again.',
  },
  TERMINATED: {
    exit: 143,
    meaning: 'The run was terminated; the grant was revoked first.',
    remedy: 'Start the scan again.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
