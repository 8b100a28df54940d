//! The loss curve's picture: a PNG file of the promised size, or one clear line.
#![cfg(feature = "plot")]

use chainrule::train::{History, PlotError};

/// Plots the losses and returns the picture's width, height and number of bytes.
fn plot(losses: Vec<f64>) -> Result<(u32, u32, usize), PlotError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loss.png");
    History { losses, ..History::default() }.plot(&path)?;
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    Ok((number(16), number(20), bytes.len()))
}

#[test]
fn any_finite_losses_make_a_picture() {
    let falling: Vec<f64> =
        (0..120).map(|i| 9400.0 * (-0.145 * f64::from(i)).exp() + 1.0).collect();
    for losses in [
        falling,
        vec![1.0],
        vec![0.0],
        vec![3.0; 20],
        vec![-5.0, -6.0, -6.5],
        vec![1e-300, 1e300, 1.0],
        vec![1e-29, 1e29],
        vec![-1e29, 1e29, 0.0],
        vec![1e-300, 1.0],
        vec![2.0, f64::NAN, f64::INFINITY, 1.0],
        vec![f64::MAX, -f64::MAX, 1e-310],
    ] {
        let (width, height, bytes) = plot(losses.clone()).unwrap();
        assert_eq!((width, height), (900, 560), "{losses:?}");
        // Axes, ticks and text make more than an empty canvas.
        assert!(bytes > 4000, "{losses:?}: {bytes} bytes");
    }
}

#[test]
fn what_cannot_be_plotted_is_one_line() {
    assert!(matches!(plot(vec![]), Err(PlotError::Nothing { .. })));
    assert!(matches!(plot(vec![f64::NAN, 1e31]), Err(PlotError::Nothing { .. })));
    let history = History { losses: vec![1.0], ..History::default() };
    let message = history.plot("loss.jpg").unwrap_err().to_string();
    assert_eq!(message, "loss.jpg: the plot is a PNG file: give a name that ends in `.png`");
    let message = history.plot("no/such/folder/loss.png").unwrap_err().to_string();
    assert!(
        message.starts_with("no/such/folder/loss.png: the plot cannot be written: "),
        "{message}"
    );
}
