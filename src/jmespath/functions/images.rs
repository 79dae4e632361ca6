//! `image_normalize`.

use super::Type::String;
use super::{Function, Origin, Params, fails, gives};
use crate::document::image_reference::ImageReference;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "image_normalize",
    origin: Origin::Kyverno,
    params: Params::Exactly(&[&[String]]),
    returns: &[String],
    note: "an image with its registry and its digest, or else its tag, written out",
    examples: &[
        gives("image_normalize('nginx')", "\"docker.io/nginx:latest\""),
        gives("image_normalize('quay.io/a/b:v1')", "\"quay.io/a/b:v1\""),
        fails(
            "image_normalize('')",
            "JMESPath function 'image_normalize': bad image: docker.io/, defaultRegistry: docker.io, \
             enableDefaultRegistryMutation: true: invalid reference format",
        ),
    ],
    run: |args| match ImageReference::parse(args.text(0)?) {
        Ok(image) => args.produce(image.reference()),
        Err(error) => Err(args.error(error)),
    },
}];
