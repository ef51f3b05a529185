//! Features whose shards stay in an object store: read in blocks when they are wanted, of which the last are kept in
//! memory. Epochs see them in an order for which each block is read once.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use graft_dataset::shuffle;

use crate::Error;
use crate::manifest::Layout;

/// About how many bytes a block has.
const BLOCK: usize = if cfg!(test) { 16 } else { 1 << 20 };
/// About how many bytes of blocks are kept: a window of an epoch.
const WINDOW: usize = if cfg!(test) { 64 } else { 256 << 20 };
/// Images in windows are shuffled by streams behind those of epochs and of dropout.
const FIRST_STREAM: u64 = 1 << 48;
/// So many streams has an epoch.
const WINDOWS: u64 = 1 << 24;

/// Reads some bytes of each of some shards, which are told by their numbers.
type Read = dyn Fn(&[(usize, Range<u64>)]) -> Result<Vec<Vec<u8>>, Error> + Send + Sync;

/// A shard, and a block's place there.
type Block = (usize, usize);

/// Features that are read when they are wanted.
pub(crate) struct Streamed {
    read: Box<Read>,
    layout: Layout,
    /// Bytes of an image.
    row: usize,
    /// The blocks that were read last, in that order.
    kept: Mutex<VecDeque<(Block, Arc<Vec<u8>>)>>,
}

impl Streamed {
    pub(crate) fn new(layout: Layout, row: usize, read: Box<Read>) -> Self {
        let kept = Mutex::default();
        Self {
            read,
            layout,
            row,
            kept,
        }
    }

    /// How many images a block has.
    fn images(&self) -> usize {
        (BLOCK / self.row.max(1)).max(1)
    }

    /// How many blocks a window has.
    fn window(&self) -> usize {
        (WINDOW / (self.images() * self.row).max(1)).max(1)
    }

    /// The block of an image, and the image's place there.
    fn place(&self, image: usize) -> (Block, usize) {
        let (shard, place) = self.layout.place(image);
        ((shard, place / self.images()), place % self.images())
    }

    /// The order in which an epoch sees the images at `indices`: all blocks are shuffled, and then the images of each
    /// window of blocks, so that a window has images from everywhere and no block is read twice.
    pub(crate) fn order(&self, indices: &[usize], seed: u64, epoch: u64) -> Vec<usize> {
        let mut blocks: BTreeMap<Block, Vec<usize>> = BTreeMap::new();
        for index in indices {
            blocks.entry(self.place(*index).0).or_default().push(*index);
        }
        let blocks: Vec<_> = blocks.into_values().collect();
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        shuffle(&mut order, seed, epoch);
        let windows = order.chunks(self.window());
        let windows = windows.zip(FIRST_STREAM + epoch * WINDOWS..);
        windows
            .flat_map(|(window, stream)| {
                let mut images: Vec<usize> = { window.iter() }
                    .flat_map(|block| blocks[*block].iter().copied())
                    .collect();
                shuffle(&mut images, seed, stream);
                images
            })
            .collect()
    }

    /// Gives `take` the bytes of the images at `indices`, one after another.
    pub(crate) fn rows(&self, indices: &[usize], mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        // However many are asked for, no more blocks than a window has are held.
        for some in indices.chunks(self.window()) {
            let places: Vec<_> = some.iter().map(|index| self.place(*index)).collect();
            let blocks = self.blocks(places.iter().map(|(block, _)| *block).collect())?;
            for (block, place) in places {
                take(&blocks[&block][place * self.row..][..self.row]);
            }
        }
        Ok(())
    }

    /// Blocks by their places; those that are not kept are read, several at once.
    fn blocks(&self, wanted: BTreeSet<Block>) -> Result<HashMap<Block, Arc<Vec<u8>>>, Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: HashMap<_, _> = { kept.iter() }
            .filter(|(block, _)| wanted.contains(block))
            .cloned()
            .collect();
        let is_missing = |block: &Block| !found.contains_key(block);
        let missing: Vec<Block> = wanted.into_iter().filter(is_missing).collect();
        let spans: Vec<_> = missing.iter().map(|block| self.span(*block)).collect();
        // Before more are read, so that no more than a window is kept at any time.
        let room = self.window().saturating_sub(missing.len());
        let surplus = kept.len().saturating_sub(room);
        kept.drain(..surplus);
        let read = (self.read)(&spans)?.into_iter().map(Arc::new);
        let read: Vec<_> = missing.into_iter().zip(read).collect();
        kept.extend(read.iter().cloned());
        found.extend(read);
        Ok(found)
    }

    /// The shard of a block, and its bytes there.
    fn span(&self, (shard, block): Block) -> (usize, Range<u64>) {
        let images = self.layout.range(shard).len();
        let start = block * self.images();
        let end = images.min(start + self.images());
        (shard, (start * self.row) as u64..(end * self.row) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// 100 images of 4 bytes, each its number, in 7 shards; and how many blocks were read.
    fn streamed() -> (Streamed, Arc<AtomicUsize>) {
        let layout = Layout::parts(100, 7);
        let count = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&count);
        let read = move |spans: &[(usize, Range<u64>)]| {
            counting.fetch_add(spans.len(), Ordering::Relaxed);
            let bytes = spans.iter().map(|(shard, bytes)| {
                let all = layout
                    .range(*shard)
                    .flat_map(|image| u32::try_from(image).unwrap().to_le_bytes());
                let all: Vec<u8> = all.collect();
                all[usize::try_from(bytes.start).unwrap()..usize::try_from(bytes.end).unwrap()]
                    .to_vec()
            });
            Ok(bytes.collect())
        };
        (Streamed::new(layout, 4, Box::new(read)), count)
    }

    fn read(streamed: &Streamed, indices: &[usize]) -> Vec<usize> {
        let mut found = Vec::new();
        let take =
            |bytes: &[u8]| found.push(u32::from_le_bytes(bytes.try_into().unwrap()) as usize);
        streamed.rows(indices, take).unwrap();
        found
    }

    #[test]
    fn every_image_is_its_own_in_any_order() {
        let (streamed, _) = streamed();
        let all: Vec<usize> = (0..100).collect();
        assert_eq!(read(&streamed, &all), all);
        let mut mixed = all.clone();
        shuffle(&mut mixed, 1, 1);
        assert_eq!(read(&streamed, &mixed), mixed);
        assert_eq!(read(&streamed, &[99, 0, 99]), [99, 0, 99]);
        let kept = streamed.kept.lock().unwrap();
        assert!(kept.len() <= streamed.window());
    }

    #[test]
    fn an_epoch_reads_each_block_once_and_sees_every_image() {
        let (streamed, count) = streamed();
        let train: Vec<usize> = (0..100).filter(|index| index % 10 != 3).collect();
        let order = streamed.order(&train, 7, 1);
        for batch in order.chunks(3) {
            assert_eq!(read(&streamed, batch), batch);
        }
        // Of 4 images each, but for the last of each shard of 14 or 15.
        assert_eq!(count.load(Ordering::Relaxed), 7 * 4);
        assert_eq!(order, streamed.order(&train, 7, 1));
        assert!(order != streamed.order(&train, 7, 2) && order != streamed.order(&train, 8, 1));
        // The first window has images of several shards.
        let shards: BTreeSet<usize> = { order[..12].iter() }
            .map(|image| streamed.layout.place(*image).0)
            .collect();
        assert!(shards.len() > 1, "{shards:?}");
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, train);
    }

    #[test]
    fn a_store_that_fails_is_told() {
        let read = |_: &[(usize, Range<u64>)]| Err(Error::Missing("shard".into()));
        let streamed = Streamed::new(Layout::parts(9, 2), 4, Box::new(read));
        assert!(matches!(
            streamed.rows(&[1], |_| {}),
            Err(Error::Missing(_))
        ));
    }
}
