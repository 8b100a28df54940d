//! The numpy generator against numpy's own numbers.
#![cfg(feature = "data")]

use chainrule::data::NumpyRandom;

const FIXTURE: &str = include_str!("fixtures/numpy_random.txt");

fn bits(words: &str) -> Vec<u64> {
    words.split_whitespace().map(|word| u64::from_str_radix(word, 16).unwrap()).collect()
}

fn fnv1a(values: impl IntoIterator<Item = f64>) -> u64 {
    values.into_iter().flat_map(f64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn every_stream_is_numpys() {
    let (mut seed, mut checked) = (0, 0);
    for line in FIXTURE.lines() {
        let (word, rest) = line.split_once(' ').unwrap();
        let mut random = NumpyRandom::new(seed);
        let context = format!("seed {seed}, {word}");
        match word {
            "seed" => seed = rest.parse().unwrap(),
            "uniform" => {
                let expected = bits(rest);
                let found = expected.iter().map(|_| random.uniform().to_bits());
                assert!(found.eq(expected.iter().copied()), "{context}");
            }
            "normal" => {
                let expected = bits(rest);
                let found = expected.iter().map(|_| random.standard_normal().to_bits());
                assert!(found.eq(expected.iter().copied()), "{context}");
            }
            "mixed" => {
                let mut found: Vec<u64> =
                    (0..3).map(|_| random.standard_normal().to_bits()).collect();
                random.shuffle(&mut [0; 70]);
                found.push(random.uniform().to_bits());
                found.extend((0..2).map(|_| random.standard_normal().to_bits()));
                assert_eq!(found, bits(rest), "{context}");
            }
            "shuffle" => {
                let expected: Vec<usize> =
                    rest.split_whitespace().map(|word| word.parse().unwrap()).collect();
                let mut found: Vec<usize> = (0..expected.len()).collect();
                for _ in 0..3 {
                    random.standard_normal();
                }
                random.shuffle(&mut found);
                assert_eq!(found, expected, "{context}");
            }
            "normal_hash" => {
                let found = fnv1a((0..100_000).map(|_| random.standard_normal()));
                assert_eq!([found], *bits(rest), "{context}");
            }
            other => panic!("the fixture has an unknown line `{other}`"),
        }
        checked += 1;
    }
    assert_eq!(checked, 4 * 6);
}
