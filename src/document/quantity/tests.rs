use proptest::prelude::*;

use super::*;

fn q(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn equal_amounts_are_equal_in_any_notation() {
    for (a, b) in [
        ("1Gi", "1024Mi"),
        ("1.10", "1.1"),
        ("01", "1"),
        ("1e3", "1000"),
        ("1E3", "1k"),
        ("100m", "0.1"),
        (".5", "500m"),
        ("5.", "5"),
        ("1.Gi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("+2", "2"),
        ("-0", "0"),
        ("0.0000000001", "1n"),
        ("-0.0000000001", "-1n"),
        ("1.0000000001", "1000000001n"),
        ("123456789012345678901234567890", "123456789012345678901234567890000m"),
        ("20Ei", "9223372036854775807"),
        ("1e4294967296", "1"),
        ("1e-2000000000", "1n"),
    ] {
        assert_eq!(q(a), q(b), "{a} {b}");
    }
}

#[test]
fn a_missing_number_is_zero() {
    for text in ["m", "k", "M", "G", "T", "P", "E", "n", "u", "Ki", "Mi", "Gi", "Ti", ".", "+", "-", "e2", "E5", ".Ki"]
    {
        assert!(q(text).is_zero(), "{text}");
    }
}

#[test]
fn what_kubernetes_refuses() {
    for text in [
        "", " ", "1 Gi", "1gi", "e", "abc", "1K", "1.2.3", "1e", "1e+", "--1", "1Kii", "0x10", "Pi", "Ei", "e-10",
        "1h", "½",
    ] {
        assert!(Quantity::parse(text).is_err(), "{text}");
    }
}

#[test]
fn order_is_numeric() {
    let ascending = [
        "-1e1000",
        "-1Gi",
        "-5",
        "-1n",
        "0",
        "1n",
        "1m",
        "0.5",
        "999m",
        "1",
        "1.000000001",
        "2",
        "1k",
        "1Ki",
        "1M",
        "1Mi",
        "1G",
        "9Ei",
        "10E",
        "99999999999999999999999999999999999999999",
        "1e1000",
        "1e2147483647",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(q(a).cmp(&q(b)), i.cmp(&j), "{a} {b}");
        }
    }
}

#[test]
fn canonical_text() {
    for (text, canonical) in [
        ("1024Mi", "1Gi"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.1", "100m"),
        ("1000000", "1M"),
        ("1e6", "1e6"),
        ("1e1", "10"),
        ("1E5", "100e3"),
        ("0.5Gi", "512Mi"),
        ("0.5Ki", "512"),
        ("1.5Ki", "1536"),
        ("100", "100"),
        ("-2048", "-2048"),
        ("-2Ki", "-2Ki"),
        ("0Gi", "0"),
        ("1000E", "1e21"),
        ("1.0001Ki", "1024102400u"),
    ] {
        assert_eq!(q(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn arithmetic_prints_as_kyverno() {
    assert_eq!(q("12Ki").add(&q("13")).unwrap().to_string(), "12301");
    assert_eq!(q("12Ki").multiply(2.5).unwrap().to_string(), "30Ki");
    assert_eq!(q("0").add(&q("1Ki")).unwrap().to_string(), "1Ki");
    assert_eq!(q("1Gi").subtract(&q("512Mi")).unwrap().to_string(), "512Mi");
    assert_eq!(q("1").divide_by_scalar(3.0).unwrap().to_string(), "0");
    assert_eq!(q("1.0").divide_by_scalar(3.0).unwrap().to_string(), "300m");
    assert_eq!(q("0.5Gi").divide_by_scalar(3.0).unwrap().to_string(), "178956970666666666n");
    assert_eq!(q("10").divide(&q("4")).unwrap(), 2.5);
    assert_eq!(q("10").divide(&q("0")), Err(ArithmeticError::ZeroDivisor));
    assert_eq!(q("10").divide_by_scalar(0.0), Err(ArithmeticError::ZeroDivisor));
    assert_eq!(q("-7").modulo(&q("4")).unwrap().to_string(), "-3");
    assert_eq!(q("7.5").modulo(&q("4")), Err(ArithmeticError::NonInteger));
    assert_eq!(q("7").modulo(&q("0")), Err(ArithmeticError::ZeroDivisor));
    assert_eq!(q("1e2147483647").add(&q("1")), Err(ArithmeticError::OutOfRange));
    assert_eq!(q("1").multiply(f64::NAN), Err(ArithmeticError::OutOfRange));
}

proptest! {
    #[test]
    fn never_panics(text in "[-+]?[0-9.]{0,30}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}", scalar: f64) {
        if let Ok(quantity) = Quantity::parse(&text) {
            let _ = (quantity.to_string(), quantity.approximate(), quantity.modulo(&quantity));
            let _ = (quantity.multiply(scalar), quantity.divide_by_scalar(scalar), quantity.add(&quantity));
        }
    }

    #[test]
    fn canonical_text_means_the_same(n in -1_000_000_000_i64..1_000_000_000, suffix in "(|n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|e3|e-4)") {
        let quantity = q(&format!("{n}{suffix}"));
        prop_assert_eq!(&q(&quantity.to_string()), &quantity);
    }
}
