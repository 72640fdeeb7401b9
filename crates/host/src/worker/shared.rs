//! Memory that host and worker share: an input area, which the host writes,
//! and an output area, which the worker writes. One of them works at a time,
//! by the order of the messages. The only file with pointers into it.
//!
//! The memory has no name in any folder, so that nothing is left behind
//! whatever ends. On Linux its size is sealed, so that a worker cannot cut it
//! off under the host.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::{MmapOptions, MmapRaw};

/// Multiple of the size of an area, so that each begins aligned for `f64`.
const PAGE: usize = 4096;

/// Both areas, mapped.
pub(crate) struct Shared {
    map: MmapRaw,
    input: usize,
    output: usize,
    /// The host's file, and where the worker finds it.
    origin: Option<(Backing, PathBuf)>,
}

/// What is behind the memory, kept until the worker has opened it.
#[cfg(target_os = "linux")]
type Backing = File;
#[cfg(not(target_os = "linux"))]
type Backing = tempfile::NamedTempFile;

impl Shared {
    /// New memory with areas of at least so many bytes.
    pub(crate) fn new(input: usize, output: usize) -> io::Result<Self> {
        let page = |size: usize| size.max(1).checked_next_multiple_of(PAGE).ok_or_else(too_large);
        let (input, output) = (page(input)?, page(output)?);
        let (backing, path) = back(input.checked_add(output).ok_or_else(too_large)?)?;
        let map = map(file_of(&backing), input, output)?;
        Ok(Self { map, input, output, origin: Some((backing, path)) })
    }

    /// The host's memory, from the worker.
    pub(crate) fn open(path: &Path, input: usize, output: usize) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self { map: map(&file, input, output)?, input, output, origin: None })
    }

    /// Where the worker finds it.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.origin.as_ref().map(|(_, path)| path.as_path())
    }

    /// Forgets the file once the worker has mapped it.
    pub(crate) fn opened(&mut self) {
        self.origin = None;
    }

    /// Size of the input area in bytes.
    pub(crate) fn input(&self) -> usize {
        self.input
    }

    /// Size of the output area in bytes.
    pub(crate) fn output(&self) -> usize {
        self.output
    }

    /// Writes into the input area from byte `start`; false if it does not fit.
    pub(crate) fn write_input(&mut self, start: usize, bytes: &[u8]) -> bool {
        fits(start, bytes.len(), self.input) && self.write(start, bytes)
    }

    /// Writes into the output area from byte `start`; false if it does not fit.
    pub(crate) fn write_output(&mut self, start: usize, values: &[f32]) -> bool {
        let bytes = bytes_of(values);
        fits(start, bytes.len(), self.output) && self.write(self.input + start, bytes)
    }

    /// Copies values out of the output area from byte `start`; false if they
    /// are not in it.
    pub(crate) fn read_output(&self, start: usize, values: &mut [f32]) -> bool {
        let length = size_of_val(values);
        let inside = fits(start, length, self.output);
        if inside {
            // SAFETY: the source is within the mapping by the line above, the
            // target is ours and of that length, and they do not overlap. Any
            // bits are an `f32`. A worker that writes meanwhile, against the
            // order of the messages, makes wrong values and nothing else.
            #[allow(unsafe_code)]
            unsafe {
                let source = self.map.as_ptr().add(self.input + start);
                std::ptr::copy_nonoverlapping(source, values.as_mut_ptr().cast::<u8>(), length);
            }
        }
        inside
    }

    /// `count` values of the input area from byte `start`, for the worker.
    pub(crate) fn values<T: Bits>(&self, start: usize, count: usize) -> Option<&[T]> {
        let length = count.checked_mul(size_of::<T>())?;
        if !fits(start, length, self.input) || !start.is_multiple_of(align_of::<T>()) {
            return None;
        }
        // SAFETY: within the mapping and aligned by the lines above, as the
        // mapping begins at a page; any bits are a `T`. The host writes only
        // between calls, while the worker holds no such slice.
        #[allow(unsafe_code)]
        Some(unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(start).cast::<T>(), count) })
    }

    fn write(&mut self, start: usize, bytes: &[u8]) -> bool {
        // SAFETY: both callers checked that the target is within the mapping;
        // it does not overlap `bytes`, which is memory of this process alone.
        #[allow(unsafe_code)]
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.map.as_mut_ptr().add(start), bytes.len());
        }
        true
    }
}

/// Numbers of which any bits are one.
pub(crate) trait Bits: Copy {}
impl Bits for u8 {}
impl Bits for f32 {}
impl Bits for f64 {}

/// The bytes of numbers.
pub(crate) fn bytes_of<T: Bits>(values: &[T]) -> &[u8] {
    // SAFETY: numbers have no padding, and bytes no alignment.
    #[allow(unsafe_code)]
    unsafe {
        std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values))
    }
}

fn fits(start: usize, length: usize, area: usize) -> bool {
    start.checked_add(length).is_some_and(|end| end <= area)
}

fn too_large() -> io::Error {
    io::Error::other("more shared memory than can be addressed")
}

fn map(file: &File, input: usize, output: usize) -> io::Result<MmapRaw> {
    let size = input.checked_add(output).ok_or_else(too_large)?;
    if !input.is_multiple_of(PAGE) || file.metadata()?.len() < size as u64 {
        return Err(io::Error::other("shared memory of another size"));
    }
    MmapOptions::new().len(size).map_raw(file)
}

#[cfg(target_os = "linux")]
fn back(size: usize) -> io::Result<(Backing, PathBuf)> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let file = File::from(memfd_create("agogic", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.set_len(size as u64)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    Ok((file, path.into()))
}

#[cfg(not(target_os = "linux"))]
fn back(size: usize) -> io::Result<(Backing, PathBuf)> {
    let file = tempfile::NamedTempFile::new()?;
    file.as_file().set_len(size as u64)?;
    let path = file.path().to_owned();
    Ok((file, path))
}

#[cfg(target_os = "linux")]
fn file_of(backing: &Backing) -> &File {
    backing
}

#[cfg(not(target_os = "linux"))]
fn file_of(backing: &Backing) -> &File {
    backing.as_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_writes_the_other_reads() {
        let mut host = Shared::new(100, 10).unwrap();
        let mut worker = Shared::open(host.path().unwrap(), host.input(), host.output()).unwrap();
        host.opened();
        assert!(host.write_input(8, bytes_of(&[1.5f32, -2.0])));
        assert_eq!(worker.values::<f32>(8, 2), Some(&[1.5f32, -2.0][..]));
        assert!(worker.write_output(4, &[7.0, 8.0]));
        let mut values = [0.0; 2];
        assert!(host.read_output(4, &mut values));
        assert_eq!(values, [7.0, 8.0]);
    }

    #[test]
    fn nothing_is_outside() {
        let mut shared = Shared::new(PAGE, PAGE).unwrap();
        for start in [PAGE, PAGE - 3, usize::MAX] {
            assert!(!shared.write_input(start, &[0; 4]), "{start}");
            assert!(!shared.write_output(start, &[0.0]), "{start}");
            assert!(!shared.read_output(start, &mut [0.0]), "{start}");
            assert_eq!(shared.values::<f32>(start, 1), None, "{start}");
        }
        assert_eq!(shared.values::<f64>(4, 1), None, "not aligned");
        assert_eq!(shared.values::<f64>(0, usize::MAX), None);
        assert!(Shared::new(usize::MAX, 1).is_err());
        let path = shared.path().unwrap();
        assert!(Shared::open(path, PAGE, 2 * PAGE).is_err(), "smaller than it is said to be");
    }
}
