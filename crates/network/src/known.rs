//! The networks that can be grafted onto.
//!
//! Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
//! Recognition" (2014), table 1.

use crate::Network;

impl Network {
    /// Configuration A.
    pub const VGG11: Self = vgg(
        "vgg11",
        "VGG11",
        &[&[64], &[128], &[256; 2], &[512; 2], &[512; 2]],
    );
    /// Configuration B.
    pub const VGG13: Self = vgg(
        "vgg13",
        "VGG13",
        &[&[64; 2], &[128; 2], &[256; 2], &[512; 2], &[512; 2]],
    );
    /// Configuration D.
    pub const VGG16: Self = vgg(
        "vgg16",
        "VGG16",
        &[&[64; 2], &[128; 2], &[256; 3], &[512; 3], &[512; 3]],
    );
    /// Configuration E.
    pub const VGG19: Self = vgg(
        "vgg19",
        "VGG19",
        &[&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]],
    );

    /// Every network that can be grafted onto.
    pub const ALL: &[Self] = &[Self::VGG11, Self::VGG13, Self::VGG16, Self::VGG19];
}

/// What the family has in common: images and classifier of the `ImageNet` challenge.
const fn vgg(
    name: &'static str,
    title: &'static str,
    stages: &'static [&'static [usize]],
) -> Network {
    Network {
        name,
        title,
        stages,
        side: 224,
        classifier: &[("fc1", 4096), ("fc2", 4096), ("predictions", 1000)],
    }
}
