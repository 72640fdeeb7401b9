//! NPY arrays, little-endian, C order, in librosa's shapes.

use std::io::{self, Write};

use npyz::{DType, WriteOptions, WriterBuilder};

/// `f32` of shape (bins, frames) for one channel, else (channels, bins, frames).
/// Columns of a view are frames here.
pub(crate) fn frames(out: &mut dyn Write, channels: usize, bins: usize, data: &[f32]) -> io::Result<()> {
    let width = channels * bins;
    let frames = data.len().checked_div(width).unwrap_or(0);
    let shape = [channels as u64, bins as u64, frames as u64];
    let shape = if channels == 1 { &shape[1..] } else { &shape[..] };
    let mut array = WriteOptions::new().dtype(little_endian("<f4")?).shape(shape).writer(out).begin_nd()?;
    for row in 0..width {
        for frame in 0..frames {
            array.push(&data[frame * width + row])?;
        }
    }
    array.finish()
}

/// `f64` of shape (n,): times of events in seconds.
pub(crate) fn times(out: &mut dyn Write, times: &[f64]) -> io::Result<()> {
    let shape = [times.len() as u64];
    let mut array = WriteOptions::new().dtype(little_endian("<f8")?).shape(&shape).writer(out).begin_nd()?;
    array.extend(times.iter().copied())?;
    array.finish()
}

fn little_endian(name: &str) -> io::Result<DType> {
    name.parse().map(DType::Plain).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use npyz::NpyFile;

    use super::*;

    #[track_caller]
    fn check(channels: usize, bins: usize, data: &[f32], shape: &[u64], expect: &[f32]) {
        let mut out = Vec::new();
        frames(&mut out, channels, bins, data).unwrap();
        let file = NpyFile::new(&out[..]).unwrap();
        assert_eq!((file.shape(), file.dtype().descr().as_str()), (shape, "'<f4'"));
        assert_eq!(file.into_vec::<f32>().unwrap(), expect);
    }

    #[test]
    fn rows_are_bins() {
        check(1, 2, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[2, 3], &[0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        check(2, 1, &[0.0, 1.0, 2.0, 3.0], &[2, 1, 2], &[0.0, 2.0, 1.0, 3.0]);
        check(2, 2, &[0.0, 1.0, 2.0, 3.0], &[2, 2, 1], &[0.0, 1.0, 2.0, 3.0]);
        check(1, 3, &[], &[3, 0], &[]);
    }

    #[test]
    fn times_are_doubles() {
        let mut out = Vec::new();
        times(&mut out, &[0.25, 1.0 / 3.0]).unwrap();
        let file = NpyFile::new(&out[..]).unwrap();
        assert_eq!(file.shape(), [2]);
        assert_eq!(file.into_vec::<f64>().unwrap(), [0.25, 1.0 / 3.0]);
    }
}
