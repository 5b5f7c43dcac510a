// SPDX-License-Identifier: Apache-2.0
import { profiles } from './cinc-scan.ts';
import type { Row } from './row.ts';
import type { Bench } from './scan.bench.ts';
import { inTurn, seconds } from './series.ts';
import { Workbench } from './workbench.ts';

/** What the engine costs by itself, and what the way into a container adds to it. */
export async function benchEngine({ cluster, rounds, large, say }: Bench): Promise<Row[]> {
  await using bench = await Workbench.open(cluster);
  say('the engine: fresh and forked');
  const two = await bench.record(profiles.two);
  const fresh = async () => {
    await using engine = bench.startEngine();
    return await seconds(() => bench.auditCanned(engine, profiles.two, two));
  };
  const forked = () => seconds(() => bench.auditCanned(bench.engine, profiles.two, two));
  const [forks = [], starts = []] = await inTurn(rounds, [forked, fresh]);
  say('300 controls: in a container, and with canned answers');
  const many = await bench.record(large);
  const real = () => seconds(() => bench.audit(large));
  const canned = () => seconds(() => bench.auditCanned(bench.engine, large, many));
  const [audits = [], replays = []] = await inTurn(rounds, [real, canned]);
  return [
    {
      title: '2 checks, answers canned: the engine alone',
      measures: [
        { label: 'forked from one that is loaded', unit: 's', samples: forks },
        { label: 'started for it', unit: 's', samples: starts },
      ],
    },
    {
      title: '300 controls: a container of the cluster against canned answers, engine loaded',
      measures: [
        { label: 'session, broker and engine', unit: 's', samples: audits },
        { label: 'engine alone (the forked figure)', unit: 's', samples: replays },
      ],
      goal: { kind: 'ratio', atMost: 1.5 },
    },
  ];
}
