//! Rows of a spectrum one after the other, in memory that is used again.

/// Rows that a [`Stft`](crate::Stft) appends. Unlike a vector it keeps its old
/// values when it is emptied, and need not write zeros before new ones.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    values: Vec<f32>,
    filled: usize,
}

impl Rows {
    /// Forgets all rows and keeps their memory.
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// The values of all rows.
    pub fn values(&self) -> &[f32] {
        &self.values[..self.filled]
    }

    /// Room for `count` more values. They are not 0 but whatever stood there.
    pub fn room(&mut self, count: usize) -> &mut [f32] {
        let start = self.filled;
        self.filled += count;
        if self.values.len() < self.filled {
            self.values.resize(self.filled, 0.0);
        }
        &mut self.values[start..self.filled]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other() {
        let mut rows = Rows::default();
        assert!(rows.values().is_empty());
        rows.room(2).copy_from_slice(&[1.0, 2.0]);
        rows.room(3).copy_from_slice(&[3.0, 4.0, 5.0]);
        assert_eq!(rows.values(), [1.0, 2.0, 3.0, 4.0, 5.0]);
        rows.clear();
        rows.room(1)[0] = 6.0;
        assert_eq!(rows.values(), [6.0]);
    }
}
