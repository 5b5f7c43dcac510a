// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { container, image, injected, kinds, manifest, parse, parseTemplate, pod } from './testing/manifests.ts';

describe('inject puts the container into', () => {
  test.each(kinds)('%s of %s', (...[kind, apiVersion, path, ends]) => {
    const { text, pods } = injected(stringify(manifest(kind, apiVersion, path)));
    const { metadata, spec } = parseTemplate(text, path);
    expect(pods).toMatchObject([{ name: `${kind}/web`, state: 'missing' }]);
    expect(metadata?.annotations).toEqual({ 'cinc-scan.dev/sidecar': 'cinc-scan-sidecar' });
    expect(spec.shareProcessNamespace).toBe(true);
    expect(spec.containers[0]).toEqual({ ...container, env: [{ name: 'CINC_SCAN_TARGET', value: 'app' }] });
    const own = (ends ? spec.initContainers : spec.containers)?.at(-1);
    expect(own).toEqual({
      name: 'cinc-scan-sidecar',
      image,
      command: ['/cinc-scan/helper', 'idle', '--ignore-stdin'],
      securityContext: {
        runAsUser: 0,
        runAsGroup: 0,
        runAsNonRoot: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { add: ['SYS_CHROOT'] },
      },
      ...(ends && { restartPolicy: 'Always' }),
      env: [{ name: 'CINC_SCAN_CONTAINER', value: 'cinc-scan-sidecar' }],
    });
  });

  test.each(kinds)('%s of %s once: a second time changes nothing', (kind, apiVersion, path) => {
    const once = injected(stringify(manifest(kind, apiVersion, path)));
    const again = injected(once.text, { image: undefined });
    expect(again.text).toBe(once.text);
    expect(again.pods).toMatchObject([{ state: 'injected' }]);
  });

  test.each(kinds)('%s of %s inside a list, and as JSON', (kind, apiVersion, path) => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'ConfigMap' }, manifest(kind, apiVersion, path)],
    };
    const { text } = injected(JSON.stringify(list, undefined, 2));
    const { items } = JSON.parse(text) as { items: unknown[] };
    const plain = injected(stringify(manifest(kind, apiVersion, path)));
    expect(items).toEqual([list.items[0], parse(plain.text)[0]]);
    expect(injected(text).text).toBe(text);
  });
});

const shop = `# The shop. Ask Ada.
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data:
  motd: |+
    hello

---
apiVersion: apps/v1
kind: Deployment
metadata:
    name: web   # four spaces here
spec:
    template:
        metadata:
            labels: {app: "web"}
        spec:
            containers:
            # the one that matters
            - name: app
              image: 'shop/app:1'   # pinned by CI
              command: ["sh", "-c",
                "exec app"]
              # args: [--debug]

            - name: 'on'
              image: >-
                shop/on:1
              env:
              - { name: A, value: "1" }   # first

            # what follows is for the scheduler
            terminationGracePeriodSeconds: 5
---
kind: Unrelated
weird:   [ 1,2,
  3 ]
...
`;

describe('the text', () => {
  test('keeps every line it had, comments and odd spaces included', () => {
    const { text } = injected(shop);
    const lines = text.split('\n');
    let from = 0;
    for (const line of shop.split('\n')) {
      const found = lines.indexOf(line, from);
      expect({ line, found: found >= from }).toEqual({ line, found: true });
      from = found + 1;
    }
    const [before, , after] = shop.split(/^---$/m);
    expect(text.startsWith(before ?? '?')).toBe(true);
    expect(text.endsWith(after ?? '?')).toBe(true);
  });

  test('has the additions in the style of its writer, at the end of what they belong to', () => {
    expect(injected(shop).text).toContain(`              # args: [--debug]
              env:
              - name: CINC_SCAN_TARGET
                value: app

            - name: 'on'
              image: >-
                shop/on:1
              env:
              - { name: A, value: "1" }   # first
              - name: CINC_SCAN_TARGET
                value: "on"
            - name: cinc-scan-sidecar
              image: ${image}
              command: [/cinc-scan/helper, idle, --ignore-stdin]
`);
  });

  test('keeps its line ends', () => {
    const { text } = injected(shop.replaceAll('\n', '\r\n'));
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(parse(text)).toEqual(parse(injected(shop).text).map(each => JSON.parse(JSON.stringify(each)) as unknown));
  });

  test('is not touched where nothing is missing', () => {
    const once = injected(shop).text;
    expect(injected(once).text).toBe(once);
  });
});

describe('what is stale is mended, and nothing else', () => {
  const fresh = injected(pod('containers:\n- name: app\n  image: a')).text;
  const cases: [name: string, from: string | RegExp, to: string][] = [
    ['a marker that was copied from another container', 'value: app', 'value: other'],
    ['a command of an earlier version', 'idle, --ignore-stdin', 'idle'],
    ['processes that are not shared', 'shareProcessNamespace: true', 'shareProcessNamespace: false'],
    ['a missing annotation', /, "annotations": \{.*?\}/, ''],
    ['missing capabilities', /capabilities:\n\s+add: \[SYS_CHROOT\]/, 'capabilities: {}'],
  ];

  test.each(cases)('%s', (_name, from, to) => {
    const stale = fresh.replace(from, to);
    expect(stale).not.toBe(fresh);
    const { text, pods } = injected(stale);
    expect(pods).toMatchObject([{ state: 'stale' }]);
    expect(injected(text).pods).toMatchObject([{ state: 'injected' }]);
    expect((parse(text)[0] as { spec: unknown }).spec).toEqual((parse(fresh)[0] as { spec: unknown }).spec);
  });

  test('another image, with the resources that the user gave the container', () => {
    const own = fresh.replace(
      '    command: [/cinc-scan',
      '    resources: {limits: {memory: 64Mi}} # ours\n    command: [/cinc-scan',
    );
    const { text } = injected(own, { image: 'registry.example.org/tools:2' });
    expect(text).toBe(own.replace(image, 'registry.example.org/tools:2'));
  });
});

describe('what is left alone', () => {
  test('is what makes no pods, and kinds of others with the same name', () => {
    const text =
      'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: {template: {spec: {containers: [{name: a}]}}}\n---\n# nothing\n---\n- 1\n';
    expect(injected(text)).toEqual({ text, pods: [] });
  });

  test('is an alias that nothing has to be written into', () => {
    const text = pod('containers:\n- name: a\n  image: &i shop/a\n- name: b\n  image: *i');
    expect(injected(text).text.replaceAll(/^ +env:\n.*\n.*\n/gm, '')).toContain('image: *i');
  });
});

test('in-pod mode mounts results and profile, and says what to scan', () => {
  const text = injected(pod('containers:\n- name: a\n- name: b\nvolumes:\n- name: profile\n  configMap: {name: p}'), {
    inPod: { profile: { kind: 'volume', name: 'profile' }, arguments: ['--threshold', '90'] },
  }).text;
  const { spec } = parseTemplate(text, []);
  expect(spec.volumes).toEqual([
    { name: 'profile', configMap: { name: 'p' } },
    { name: 'cinc-scan-results', emptyDir: {} },
  ]);
  expect(spec.containers.at(-1)).toMatchObject({
    command: ([] as string[]).concat(
      ['cinc-scan', 'sidecar', 'run', '--container', 'a', '--container', 'b', '--workload', 'Pod/web'],
      ['--profile', '/cinc-scan/profile', '--output-dir', '/cinc-scan/results', '--stay', '--threshold', '90'],
    ),
    volumeMounts: [
      { name: 'cinc-scan-results', mountPath: '/cinc-scan/results' },
      { name: 'profile', mountPath: '/cinc-scan/profile', readOnly: true },
    ],
  });
});

test('a Job gets an ordinary container that ends by itself where that is asked for', () => {
  const job = stringify(manifest('Job', 'batch/v1', ['spec', 'template']));
  const { text, pods } = injected(job, { idleSeconds: 1800 });
  const { spec } = parseTemplate(text, ['spec', 'template']);
  expect(spec.initContainers).toBeUndefined();
  expect(spec.containers[1]?.command).toEqual([
    '/cinc-scan/helper',
    'idle',
    '--ignore-stdin',
    '--deadline-seconds',
    '1800',
  ]);
  expect(pods).toMatchObject([{ notices: [] }]);
  expect(injected(job).pods[0]?.notices.join()).toMatch(/native sidecar.*1\.29/);
});
