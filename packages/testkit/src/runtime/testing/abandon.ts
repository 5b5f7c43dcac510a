// SPDX-License-Identifier: Apache-2.0
import { openImageStore } from '../../images/store.ts';
import { createRuncRuntime } from '../runc.ts';
import { busybox, openPod, startContainer } from './pod.ts';

// A process that owns containers and waits to be killed: the argument is its state directory.
const images = await openImageStore();
await images.ensure([busybox]);
const runtime = await createRuncRuntime({ stateDir: process.argv[2] ?? '', images });
const podUid = await openPod(runtime);
const app = await startContainer(runtime, podUid);
await startContainer(runtime, podUid, { joinPidOf: app.id, command: ['sleep', '1005'] });
await runtime.exec(app.id, ['sleep', '1006'], { stdin: false });
process.stdout.write(`${app.id} ${app.pid}\n`);
setInterval(() => undefined, 1000);
