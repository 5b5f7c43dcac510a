// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../objects/objects.ts';
import type { ContainerState } from './status.ts';

const wellFormed =
  /^([a-zA-Z0-9.-]+(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/;

/** What the node reports, one state after the other, while it does not have an image. Nothing is ever pulled. */
export function missingImageStates({ image, imagePullPolicy }: Container): () => ContainerState {
  if (!wellFormed.test(image)) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    return () => waiting('InvalidImageName', message);
  }
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    return () => waiting('ErrImageNeverPull', message);
  }
  const failure = `failed to pull and unpack image "${image}": failed to resolve image: the embedded cluster reaches no registry`;
  let tries = 0;
  return () => {
    tries += 1;
    return tries % 2 === 1
      ? waiting('ErrImagePull', failure)
      : waiting('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${failure}`);
  };
}

function waiting(reason: string, message: string): ContainerState {
  return { waiting: { reason, message } };
}
