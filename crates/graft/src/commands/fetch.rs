//! `graft fetch`

use graft_assets::{Group, Origin};

use super::{graft, shown, sources};
use crate::cli::{Fetch, Wanted};
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_network::Network;

pub(super) fn run(arguments: &Fetch, home: &Paths) -> Result<(), Error> {
    let groups: &[Group] = match arguments.wanted {
        Wanted::All => &Group::ALL,
        Wanted::Train => &[Group::MnistTrain, Group::Vgg16],
        Wanted::Test => &[Group::MnistTest, Group::Vgg16],
    };
    let mut sources = sources(home, &arguments.outside)?;
    for file in sources.ensure(groups)? {
        let origin = match &file.origin {
            Origin::Present => "there already",
            Origin::Fetched(source) => source,
        };
        let (size, path) = (output::size(file.bytes), shown(&file.path));
        output::line(&format!(
            "{path}  {size}  sha256 {}...  {origin}",
            &file.sha256[..12]
        ))?;
    }
    let weights = shown(&sources.weights(Network::default())?);
    output::line(&format!(
        "{weights}  the weights, imported from the ONNX file"
    ))?;
    output::line(&format!(
        "\nAll files are there and verified. Next: {} train",
        graft()
    ))
}
