//! What a child is told and tells: frames, each a kind, the length of its content, its content.

use std::io::{ErrorKind, Read, Write};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::{Error, Result};

/// The kind and the length.
const HEAD_BYTES: usize = 5;
/// What is read at once: what a pipe holds.
const PORTION_BYTES: usize = 64 * 1024;

/// Writes one frame.
pub fn write(out: &mut impl Write, kind: u8, content: &[u8]) -> Result<()> {
    out.write_all(&head(kind, content)?)
        .map_err(Error::internal)?;
    out.write_all(content).map_err(Error::internal)
}

/// What stands before a content.
pub fn head(kind: u8, content: &[u8]) -> Result<[u8; HEAD_BYTES]> {
    let length = u32::try_from(content.len()).map_err(Error::internal)?;
    let [a, b, c, d] = length.to_le_bytes();
    Ok([kind, a, b, c, d])
}

/// Takes the next frame off, once all of it is there: its kind and its content.
pub fn next<'a>(bytes: &mut &'a [u8], limit: usize) -> Result<Option<(u8, &'a [u8])>> {
    let Some((head, behind)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let (kind, length) = read_head(*head, limit)?;
    let Some((content, rest)) = behind.split_at_checked(length) else {
        return Ok(None);
    };
    *bytes = rest;
    Ok(Some((kind, content)))
}

/// Waits for the next frame, in the thread that asks; none where the other side has nothing more to say.
pub fn read(from: &mut impl Read, limit: usize) -> Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; HEAD_BYTES];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(Error::internal)?,
    }
    let (kind, length) = read_head(head, limit)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content).map_err(Error::internal)?;
    Ok(Some((kind, content)))
}

/// A length beyond all limits is believed by nobody, and nothing is allocated for it.
fn read_head([kind, a, b, c, d]: [u8; HEAD_BYTES], limit: usize) -> Result<(u8, usize)> {
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).map_err(Error::internal)?;
    match length <= limit {
        true => Ok((kind, length)),
        false => Err(Error::internal("a child wrote a frame beyond all limits")),
    }
}

/// Frames as they come out of a child, one after the other.
#[derive(Debug)]
pub struct Frames<R> {
    from: R,
    limit: usize,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// The frames of this output, each at most so large.
    pub fn new(from: R, limit: usize) -> Frames<R> {
        Frames {
            from,
            limit,
            buffer: BytesMut::new(),
        }
    }

    /// The next frame: its kind and its content; none where the output ended, be it in the middle.
    pub async fn next(&mut self) -> Result<Option<(u8, BytesMut)>> {
        loop {
            let mut rest: &[u8] = &self.buffer;
            if let Some((kind, content)) = next(&mut rest, self.limit)? {
                let length = content.len();
                self.buffer.advance(HEAD_BYTES);
                return Ok(Some((kind, self.buffer.split_to(length))));
            }
            self.buffer.reserve(PORTION_BYTES);
            let read = self.from.read_buf(&mut self.buffer).await;
            if read.map_err(Error::internal)? == 0 {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_once_it_is_whole() {
        let mut written = Vec::new();
        write(&mut written, 7, b"content").expect("it is written");
        for cut in 0..written.len() {
            assert_eq!(next(&mut &written[..cut], 100).expect("no error"), None);
        }
        let mut rest = written.as_slice();
        let found = next(&mut rest, 100).expect("it is read");
        assert_eq!((found, rest), (Some((7, &b"content"[..])), &b""[..]));
        assert_eq!(
            read(&mut written.as_slice(), 100).expect("it is read"),
            Some((7, b"content".to_vec()))
        );
        assert!(next(&mut written.as_slice(), 6).is_err());
        assert!(read(&mut &written[..9], 100).is_err());
    }
}
