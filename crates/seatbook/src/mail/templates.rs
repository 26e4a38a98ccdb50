//! The words and looks of mails.
