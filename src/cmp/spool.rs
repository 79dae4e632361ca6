//! [`Spool`]: an archive as it arrives, in memory while it is short, then in a file without a name.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, Write};

/// Bytes held in memory at once.
const IN_MEMORY: usize = 256 << 10;

/// An archive as it arrives.
#[derive(Debug, Default)]
pub struct Spool {
    buffer: Vec<u8>,
    file: Option<File>,
}

/// What can be read more than once.
pub trait Reread: Read + Seek + Send {}

impl<T: Read + Seek + Send> Reread for T {}

impl Spool {
    /// Adds bytes.
    ///
    /// # Errors
    /// When there is no place for a file, or none left in it.
    pub async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= IN_MEMORY { self.flush().await } else { Ok(()) }
    }

    /// Moves what is in memory to the file, off the async threads.
    async fn flush(&mut self) -> io::Result<()> {
        let (buffer, file) = (std::mem::take(&mut self.buffer), self.file.take());
        let written = tokio::task::spawn_blocking(move || {
            let mut file = file.map_or_else(tempfile::tempfile, Ok)?;
            file.write_all(&buffer)?;
            let mut buffer = buffer;
            buffer.clear();
            io::Result::Ok((file, buffer))
        });
        let (file, buffer) = written.await.map_err(io::Error::other)??;
        (self.buffer, self.file) = (buffer, Some(file));
        Ok(())
    }

    /// All of it, from the start.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub async fn finish(mut self) -> io::Result<Box<dyn Reread>> {
        if self.file.is_some() && !self.buffer.is_empty() {
            self.flush().await?;
        }
        Ok(match self.file {
            Some(mut file) => {
                file.rewind()?;
                Box::new(file)
            }
            None => Box::new(Cursor::new(self.buffer)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_archives_go_to_a_file() {
        for pieces in [1_usize, 40] {
            let mut spool = Spool::default();
            let piece: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
            for _ in 0..pieces {
                spool.push(&piece).await.expect("a place");
            }
            assert_eq!(spool.file.is_some(), pieces == 40);
            let mut all = Vec::new();
            spool.finish().await.expect("all").read_to_end(&mut all).expect("it reads");
            assert!(all == piece.repeat(pieces));
        }
    }
}
