//! Says how wide a greeting is.
use unicode_width::UnicodeWidthStr;

fn main() {
    let greeting = std::env::args().nth(1).unwrap_or_else(|| "hello".to_owned());
    println!("{greeting} {}", itoa::Buffer::new().format(greeting.width()));
}

#[test]
fn wide_letters_count_twice() {
    assert_eq!("漢字".width(), 4);
}
