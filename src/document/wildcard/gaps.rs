//! Where a long piece with `?` occurs in a long text, in time near the length of the text.
//!
//! With the characters as numbers and 0 for `?`, the sum of `p * (p - t)²` over a place is 0 where
//! the piece is. Such sums for all places at once are products of polynomials, computed modulo a
//! prime by a number-theoretic transform; a sum that is 0 only there is found out by comparing.

/// A prime with roots of unity of order 2^23.
const PRIME: u64 = 998_244_353;
const GENERATOR: u64 = 3;
/// Longer pieces do not fit a transform.
pub(super) const LONGEST: usize = 1 << 21;

/// What follows the first place of `piece` in `text`; `None` in a piece is any character. The piece
/// has at most [`LONGEST`] characters, and at least one.
pub(super) fn find<'t>(piece: &[Option<char>], text: &'t str) -> Option<&'t str> {
    let size = (2 * piece.len()).next_power_of_two();
    let sums = Sums::new(piece, size);
    let mut rest = text;
    loop {
        let block: Vec<char> = rest.chars().take(size).collect();
        let fits = |at: &usize| piece.iter().zip(&block[*at..]).all(|(p, c)| p.is_none_or(|p| p == *c));
        let skip = |count: usize| &rest[block[..count].iter().map(|c| c.len_utf8()).sum()..];
        if let Some(at) = sums.zeros(&block).find(fits) {
            return Some(skip(at + piece.len()));
        }
        if block.len() < size {
            return None;
        }
        rest = skip(size - piece.len() + 1);
    }
}

struct Sums {
    /// The transforms of the reversed piece and of its squares.
    plain: Vec<u64>,
    squares: Vec<u64>,
    /// The sum of the cubes.
    cubes: u64,
    length: usize,
}

impl Sums {
    fn new(piece: &[Option<char>], size: usize) -> Self {
        let number = |c: &Option<char>| c.map_or(0, code);
        let mut plain: Vec<u64> = piece.iter().rev().map(number).collect();
        let cubes = plain.iter().fold(0, |sum, p| (sum + p * p % PRIME * p) % PRIME);
        plain.resize(size, 0);
        let mut squares: Vec<u64> = plain.iter().map(|p| p * p % PRIME).collect();
        transform(&mut plain, GENERATOR);
        transform(&mut squares, GENERATOR);
        Self { plain, squares, cubes, length: piece.len() }
    }

    /// The places of `block` whose sum is 0 modulo the prime. The block is at most as long as the
    /// transforms, which wrap around only before the first whole place.
    fn zeros(&self, block: &[char]) -> impl Iterator<Item = usize> {
        let mut text: Vec<u64> = block.iter().copied().map(code).collect();
        text.resize(self.plain.len(), 0);
        let mut squares: Vec<u64> = text.iter().map(|t| t * t % PRIME).collect();
        transform(&mut text, GENERATOR);
        transform(&mut squares, GENERATOR);
        // p³ - 2p²t + pt², the first of them being the same everywhere.
        let mut sums: Vec<u64> = (0..text.len())
            .map(|i| (self.plain[i] * squares[i] + 2 * (PRIME - self.squares[i]) % PRIME * text[i]) % PRIME)
            .collect();
        transform(&mut sums, power(GENERATOR, PRIME - 2));
        let wanted = (PRIME - self.cubes) % PRIME * (sums.len() as u64) % PRIME;
        let last = self.length - 1;
        (last..block.len()).filter(move |at| sums[*at] == wanted).map(move |at| at - last)
    }
}

/// A character as a number that is not 0.
fn code(c: char) -> u64 {
    u64::from(u32::from(c)) + 1
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}

/// The transform in place, over the roots of unity that `generator` makes; with the inverse of the
/// generator the way back, times the length.
fn transform(values: &mut [u64], generator: u64) {
    let bits = values.len().trailing_zeros();
    for at in 0..values.len() {
        let reversed = at.reverse_bits() >> (usize::BITS - bits);
        if at < reversed {
            values.swap(at, reversed);
        }
    }
    let mut half = 1;
    while half < values.len() {
        let root = power(generator, (PRIME - 1) / (2 * half as u64));
        let mut factors = Vec::with_capacity(half);
        let mut factor = 1;
        for _ in 0..half {
            factors.push(factor);
            factor = factor * root % PRIME;
        }
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((a, b), factor) in low.iter_mut().zip(high).zip(&factors) {
                let turned = *b * factor % PRIME;
                *b = (*a + PRIME - turned) % PRIME;
                *a = (*a + turned) % PRIME;
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str) -> Vec<Option<char>> {
        text.chars().map(|c| (c != '?').then_some(c)).collect()
    }

    proptest! {
        #[test]
        fn the_first_place_is_found(pattern in "[ab?é]{1,12}", text in "[abé]{0,60}") {
            let (pattern, characters) = (piece(&pattern), text.chars().collect::<Vec<_>>());
            let fits = |window: &[char]| window.iter().zip(&pattern).all(|(c, p)| p.is_none_or(|p| p == *c));
            let place = characters.windows(pattern.len()).position(fits);
            let rest = place.map(|at| characters[at + pattern.len()..].iter().collect::<String>());
            prop_assert_eq!(find(&pattern, &text), rest.as_deref());
        }
    }

    #[test]
    fn the_end_of_a_long_text_is_reached() {
        let text = format!("{}b", "a".repeat(100_000));
        assert_eq!(find(&piece(&format!("{}?b", "a".repeat(3000))), &text), Some(""));
        assert_eq!(find(&piece(&format!("{}?c", "a".repeat(3000))), &text), None);
    }
}
