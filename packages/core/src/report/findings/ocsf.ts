// SPDX-License-Identifier: Apache-2.0
// OCSF 1.3.0 (https://schema.ocsf.io/1.3.0): class 2002 for vulnerabilities of packages, 2003 for whatever else broke a rule.
import type { ComparedFinding, Finding, FindingSeverity, FindingStatus } from '../../findings/index.ts';
import { jsonLines } from './json-pieces.ts';
import type { FindingsModel, Pieces } from './model.ts';
import { placeText, sentence } from './tally.ts';

/** One event a line. */
export const renderFindingsOcsf = (model: FindingsModel): Pieces => jsonLines(events(model));

function* events(model: FindingsModel): Iterable<object> {
  for (const row of model.rows) yield toEvent(row, model);
}

const severityIds = {
  unknown: 0,
  none: 1,
  low: 2,
  medium: 3,
  high: 4,
  critical: 5,
} as const satisfies Record<FindingSeverity, number>;

const severityCaptions = {
  unknown: 'Unknown',
  none: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
} as const satisfies Record<FindingSeverity, string>;

// Create, Update, Close.
const activities = {
  new: 1,
  returned: 1,
  known: 2,
  unsure: 2,
  waived: 2,
  fixed: 3,
} as const satisfies Record<FindingStatus, number>;
const activityNames = { 1: 'Create', 2: 'Update', 3: 'Close' } as const;

// New, In Progress, Suppressed, Resolved.
const statusIds = {
  new: 1,
  returned: 1,
  known: 2,
  unsure: 2,
  waived: 3,
  fixed: 4,
} as const satisfies Record<FindingStatus, number>;
const statusNames = { 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved' } as const;

/** A vulnerability without an id of the CVE list or a package cannot be written as one: the class demands them. */
function toEvent(row: ComparedFinding, model: FindingsModel): object {
  const { finding, status } = row;
  const cve = cveOf(finding);
  const classUid = finding.kind === 'vulnerability' && cve !== undefined ? 2002 : 2003;
  const activity = activities[status];
  const statusId = statusIds[status];
  return {
    activity_id: activity,
    activity_name: activityNames[activity],
    category_uid: 2,
    category_name: 'Findings',
    class_uid: classUid,
    class_name: classUid === 2002 ? 'Vulnerability Finding' : 'Compliance Finding',
    type_uid: classUid * 100 + activity,
    severity_id: severityIds[finding.severity],
    severity: severityCaptions[finding.severity],
    status_id: statusId,
    status: statusNames[statusId],
    time: Date.parse(model.run.at),
    message: sentence(row),
    metadata: {
      version: '1.3.0',
      product: { name: model.tool.name, version: model.tool.version, vendor_name: 'cinc-scan' },
      log_name: model.scope,
    },
    finding_info: infoOf(row, model),
    resources: [{ name: finding.target, ...(placeText(finding) === '' ? {} : { labels: [placeText(finding)] }) }],
    ...(classUid === 2002
      ? { vulnerabilities: [vulnerabilityOf(row, cve ?? '')] }
      : { compliance: complianceOf(finding) }),
    unmapped: {
      status,
      fingerprint_version: '1',
      area: finding.area,
      kind: finding.kind,
      reported_by: finding.reportedBy.map(({ tool, source }) => `${tool} (${source})`),
    },
  };
}

const cveOf = ({ rule, aliases }: Finding): string | undefined =>
  [rule, ...aliases].find(name => /^CVE-\d{4}-\d{4,}$/i.test(name))?.toUpperCase();

function infoOf({ finding, firstSeen, status }: ComparedFinding, { run }: FindingsModel): object {
  const isHere = status !== 'fixed' && status !== 'unsure';
  return {
    uid: finding.fingerprint,
    title: finding.title === '' ? finding.rule : finding.title,
    types: [finding.kind],
    first_seen_time: Date.parse(firstSeen),
    ...(isHere ? { last_seen_time: Date.parse(run.at) } : {}),
    ...(finding.evidence === '' ? {} : { desc: finding.evidence }),
    data_sources: finding.reportedBy.map(({ tool }) => tool),
  };
}

function vulnerabilityOf({ finding, firstSeen }: ComparedFinding, cve: string): object {
  const [reporter] = finding.reportedBy;
  return {
    cve: { uid: cve },
    title: finding.title,
    severity: reporter?.rating.raw ?? '',
    vendor_name: reporter?.tool ?? '',
    references: finding.refs,
    first_seen_time: Date.parse(firstSeen),
    is_fix_available: finding.fixed !== undefined || finding.fixState === 'fixed',
    ...(finding.place.package === undefined ? {} : { affected_packages: [packageOf(finding, finding.place.package)] }),
  };
}

const packageOf = ({ installed, fixed, place: { purl, path } }: Finding, name: string): object => ({
  name: name === '' ? 'unknown' : name,
  version: installed ?? 'unknown',
  purl,
  fixed_in_version: fixed,
  path,
});

/** The class demands a standard; a rule of a tool that is of none is one of the tool's own rules. */
const complianceOf = ({ rule, nist, reportedBy }: Finding): object => ({
  control: rule,
  standards: nist.length > 0 ? ['NIST SP 800-53'] : [...new Set(reportedBy.map(({ tool }) => tool))],
  requirements: nist,
  status: 'Fail',
  status_id: 3,
});
