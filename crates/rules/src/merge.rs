//! Two who changed one value from the same beginning: one in a file, the others in the book.
//!
//! Owns: what becomes of the value. Does not own: what the values are, or how people are told.
//! Keeps true: nothing that somebody did is overwritten by somebody who did not know of it; what nobody edited in the
//! file is never in dispute.

/// What becomes of a value that was exported, and came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It stays as it is now: nobody edited it in the file, or others did the same.
    Kept,
    /// The file's value takes its place: only the file changed it.
    Taken,
    /// Both changed it, and not to the same.
    Disputed,
}

/// Compares a value as it was exported with what it is now and with what the file says.
pub fn merge<T: PartialEq + ?Sized>(exported: &T, now: &T, file: &T) -> Merged {
    if file == exported || file == now {
        Merged::Kept
    } else if now == exported {
        Merged::Taken
    } else {
        Merged::Disputed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_both_changed_is_disputed() {
        assert_eq!(merge(&10, &10, &10), Merged::Kept);
        assert_eq!(merge(&10, &12, &10), Merged::Kept);
        assert_eq!(merge(&10, &12, &12), Merged::Kept);
        assert_eq!(merge(&10, &10, &15), Merged::Taken);
        assert_eq!(merge(&10, &12, &15), Merged::Disputed);
        assert_eq!(merge("Aurora", "Aurora AG", "Aurora SE"), Merged::Disputed);
    }

    proptest! {
        /// Whatever happened, the value afterwards is one that somebody wrote last.
        #[test]
        fn nobody_is_overwritten(exported in 0i64..4, now in 0i64..4, file in 0i64..4) {
            match merge(&exported, &now, &file) {
                Merged::Kept => prop_assert!(file == exported || file == now),
                Merged::Taken => prop_assert!(now == exported && file != exported),
                Merged::Disputed => prop_assert!(now != exported && file != exported && now != file),
            }
        }
    }
}
