//! Writing an object whose bytes are at hand as a whole. A small one is written where it is asked
//! for, as small reads are (see [`super::prompt`]): to hand it to a thread that may wait takes
//! longer. No thread waits while it is brought in together with others.

use bytes::Bytes;
use stave_core::{BucketName, ObjectKey, Result};

use super::LocalBuckets;
use super::commit::Begun;
use super::index::Noted;
use super::put::Hashed;
use crate::objects::{ObjectDetails, WriteOptions};

/// What is larger takes too long to hash.
const SMALL_BYTES: usize = 64 << 10;

/// An object that is to be.
pub(super) struct Whole {
    pub(super) bucket: BucketName,
    pub(super) key: ObjectKey,
    pub(super) bytes: Bytes,
    pub(super) noted: Noted,
    pub(super) options: WriteOptions,
    /// How many bytes it may have.
    pub(super) max: u64,
}

impl LocalBuckets {
    /// Writes an object.
    pub(super) async fn write_whole(&self, whole: Whole) -> Result<ObjectDetails> {
        let begun = match self.begin_at_hand(&whole) {
            Some(begun) => begun?,
            None => {
                self.blocking(move |buckets| buckets.begin_whole(&whole))
                    .await?
            }
        };
        let Begun {
            incoming,
            mut arrived,
            details,
        } = begun;
        if arrived.told().await? {
            return Ok(details);
        }
        self.blocking(move |buckets| buckets.commit(&incoming))
            .await
    }

    /// Begins here and now; none where that may take a while.
    fn begin_at_hand(&self, whole: &Whole) -> Option<Result<Begun>> {
        // A flush waits for the disk, and who finds others writing waits for them.
        let is_quick = whole.bytes.len() <= SMALL_BYTES
            && !self.store.options().fsync
            && self.store.database().is_free();
        let begin = || self.begin_whole(whole);
        is_quick.then(|| self.store.writes().at_once(begin))?
    }

    fn begin_whole(&self, whole: &Whole) -> Result<Begun> {
        self.existing_root(&whole.bucket)?;
        let options = &whole.options;
        let hashed = Hashed::begin(self, &options.expected, whole.max)?;
        let received = hashed.whole(&whole.bytes, &options.expected)?;
        let place = (whole.bucket.clone(), whole.key.clone());
        let (noted, condition) = (whole.noted.clone(), options.condition.clone());
        self.begin_commit(received.incoming(place, noted, condition, options.by)?)
    }
}
