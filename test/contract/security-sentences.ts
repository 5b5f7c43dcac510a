// SPDX-License-Identifier: Apache-2.0
// Each sentence of SECURITY.md that says what we do or do not, with what holds it: rows of the page's own table.

/** Of others, of users, of where to read on, or what the rows of the sentences around it hold. */
export const promisesNothing = 'promises nothing of ours';
type Held = readonly string[] | typeof promisesNothing;

const boundaries: Record<string, Held> = {
  'Everything read is bytes from a stranger.': ['a hostile container forges no frame'],
  'Answers are framed with a fresh 128-bit mark per request, have limits of size and time, and a frame that does not fit ends the session.':
    ['a hostile container forges no frame', 'an answer is bounded in size and in time'],
  'A stream that ends unasked is not an answer, even with exit status 0: it is opened once more for a question that changes nothing, and the target is lost otherwise.':
    ['a stream that ends unasked is not an answer', 'a look that was cut short is not a finding'],
  'What a killed tool says is not an answer either, and a path that a closed folder hides is neither there nor absent.':
    ['a closed folder hides nothing, a killed tool says nothing'],
  'One escaper per format; one list of hostile texts is sent through all of them, and readers written like those of the platforms must find no command in what comes out.':
    ['no report or log holds a command of a CI system'],
  'Secrets are taken out of the model before any format is made of it, so taking them out cannot break a report.': [
    'secrets are taken out, and no report breaks by that',
  ],
  'Two identities, never mixed.': ['the operator makes and deletes, the scanner looks'],
  'The operator plans, makes and deletes; the scanner looks.': ['the operator makes and deletes, the scanner looks'],
  'The token is in memory, is sent to the API server alone, and is neither in arguments, nor in the environment, nor in a file, nor known to the engine.':
    ['the token is nowhere but in memory', 'a credential plugin gets none of our secrets'],
  '(`cinc-scan grant` is for those who want it in a file: readable by its owner alone.)': [
    "the file of a grant is its owner's alone",
  ],
  'The engine asks over a Unix socket in a private folder, and knows neither token nor address.': [
    "the engine asks in a folder that is its owner's alone",
    'the token is nowhere but in memory',
  ],
  'The loss of a target is recorded on our side: no report that the engine writes afterwards counts.': [
    'the loss of a target counts, not what the engine writes',
  ],
  'Unknown keys, wrong types and unreadable files are refused before anything is made.': [
    'wrong inputs are refused before anything is made',
    'damaged files of any kind are refused or judged as they are',
  ],
  'Values are passed on and never pasted: a CI system or a shell finds nothing of its own in them.': [
    'a hostile value of an input runs nothing and commands nobody',
  ],
  'A `cinc-scan.yml` found by default is part of the checkout: it may not say where credentials go, nor turn the gate off.':
    ['a checkout does not redirect credentials or weaken the gate'],
  '[The identity of a scan](docs/security.md) tells its life step by step, and what its token may do.': promisesNothing,
};

const defended: Record<string, Held> = {
  'No path leads from "could not look" to a finding, or to exit 0.': [
    'a fault of the API server is not a finding, and not a pass',
    'a look that was cut short is not a finding',
    'each scan of the tests that ends with 0 deserves it',
  ],
  'A target that was not audited and a profile of which no control was evaluated fail every gate; so does a control that errored, unless a bound of yours allows errors.':
    ['a profile cannot pass without a look', 'an error that no bound covers fails', 'controls do not get lost'],
  'Controls that are not reviewed, where others are, fail the gate unless it was weakened, and `--strict`; under a threshold that does not mention them they are a warning.':
    ['controls that were skipped are reported, and fail under strict'],
  '`--report-only` and `--allow-empty` ask for 0 by name, and so do waivers.': [
    '0 in spite of findings takes a word of the user',
  ],
  'The scanner can get and execute in the planned pods by name, and start a debug container in those that need one; it is asked of the API server, as the scanner, before the first target is opened.':
    ['the scanner may do what is documented, and nothing else', 'what the scanner may do is asked first'],
  'A grant that gives more is not used (`GRANT_TOO_WIDE`); [the identity of a scan](docs/security.md#the-life-of-a-grant) says what counts as more.':
    ['a grant that gives more is not used'],
  'An identity of your own (`--access existing`) is used as it is.': ["an identity of the user's own makes nothing"],
  'The grant is taken back on every way out: success, failure, the deadline, every signal that can be caught, a log that can no longer be written (a full disk, a terminal or reader that is gone), an exception that nothing caught.':
    ['signals, a dead log and exceptions revoke', 'an object whose answer was lost is taken back'],
  'A second signal does not cut that short.': ['a second signal does not cut revoking short'],
  'Afterwards its token is used once more, to see that it is refused.': ['the token is tried after revoking'],
  'What could not be taken back ends the run with `GRANT_NOT_REVOKED`, which names each object.': [
    'what cannot be taken back is named',
  ],
  'A pod or container that was replaced or restarted under its name is not taken for the one that was planned.': [
    'a replaced pod is not the planned one',
  ],
  'Containers of planned pods that are not looked at are named, with the reason.': [
    'containers that are passed over are named',
  ],
  'Reports are written whole or not at all, and do not leave the workspace through a link.': [
    'reports are whole, and stay in the workspace',
  ],
  '(A device or a pipe is written into.)': ['devices and pipes are written into'],
  'The output folder says nothing of an earlier run.': ['the output folder says nothing of an earlier run'],
  'Profile code is shut into a [jail](docs/jail.md) before the first line of it is loaded: it reaches neither files, networks nor processes of the machine that scans.':
    ['profile code does not leave its jail'],
  'How strong the jail was is found out from inside, and stands in the result; under `--require-jail` nothing of a profile is loaded in less.':
    ['how strong the jail is, is found out and said', 'no profile is loaded in less than is demanded'],
  'What a profile started in a container ends with the scan.': ['what a profile started ends with the scan'],
  'Secrets among the inputs print as `***` and are refused as arguments.': [
    'secrets show themselves nowhere',
    'secrets are refused as arguments',
  ],
  'Certificates are checked.': ['certificates are checked, or the report warns'],
  'A kubeconfig that switches this off is obeyed, and the report warns.': [
    'certificates are checked, or the report warns',
  ],
};

const notDefended: Record<string, Held> = {
  'Reports of the following are welcome as ideas, but they are not vulnerabilities:': promisesNothing,
  'It is the profile that says what passed, so one that means to can say anything of its containers, and it runs commands in them with their rights.':
    promisesNothing,
  'Have a profile read by somebody before a verdict rests on it.': promisesNothing,
  'Where the jail is `partial` or `none`, what the result names as missing is not kept from it.': promisesNothing,
  'A shell that answers "all is well" to every question, in the right form, is believed: with the exec lens the tools of the target are the witnesses.':
    promisesNothing,
  "With the debug and sidecar lenses tools of ours read files, commands of a profile run by the target's own programs with its rights and never with ours, and `witness` in `scan.json` says whether the target could reach our tools ([approaches](docs/approaches.md)): `--require-view guarded` demands that it could not.":
    ['a target that could reach our tools is named as such', 'a first process in a jail does not hide its container'],
  'Commands are visible in it, and may change access times.': promisesNothing,
  'A scan is not covert.': promisesNothing,
  "Kubernetes' authorization ends at the pod: the token can execute in every container of a planned pod.":
    promisesNothing,
  'Our client keeps to the planned one.': ['the planned container is looked into, and no other'],
  'Kubernetes cuts none; we close ours before we revoke.': ['streams are closed before rights are taken away'],
  'Someone who stole the token and opened a stream keeps that stream until it ends.': promisesNothing,
  'After the grant is gone a server may authenticate the token for up to ten seconds, without any right behind it, and it honours an expired one for a minute.':
    promisesNothing,
  'Nothing is left that could revoke.': promisesNothing,
  'The token expires by itself; the objects stay, powerless without it, labelled and annotated with their expiry, until `cinc-scan sweep` deletes them.':
    [
      'after `kill -9` a sweep takes everything',
      'what is made bears its run and its end',
      'a sweep touches nothing else',
    ],
  'We enforce what was written and say what we enforced.': [
    'wrong inputs are refused before anything is made',
    'damaged files of any kind are refused or judged as they are',
    'the gate that was applied is reported',
  ],
  'Whether it is enough is yours to judge.': promisesNothing,
  'Reports hold evidence from inside containers.': promisesNothing,
  'Store them like logs of production.': promisesNothing,
  'An attacker who holds one of those holds the result.': promisesNothing,
};

/** By the headings of the page. */
export const sentences: Record<string, Record<string, Held>> = {
  'Boundaries, and what crosses them': boundaries,
  'What we defend': defended,
  'What we do not defend': notDefended,
};
