// SPDX-License-Identifier: Apache-2.0
// The post step: takes back what a main step that was killed has left. After any other end there is nothing to load.
const isLeft = ['STATE_objects', 'STATE_scan'].some(name => (process.env[name] ?? '') !== '');
if (!isLeft)
    process.stdout.write('cinc-scan: nothing is left to take back\n');
else {
    const { runPost } = await import('./action.js');
    process.exitCode = await runPost({ home: import.meta.dirname });
}
export {};
