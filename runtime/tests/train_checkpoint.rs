//! Checkpoints: every bit comes back, and what is damaged or foreign is refused in one line.
#![cfg(feature = "ndarray")]

use chainrule::Objective;
use chainrule::optim::{Adam, OptimError, OptimizerState, Sgd};
use chainrule::train::{Checkpoint, CheckpointError, TrainError, Trainer};
use std::fs;

fn checkpoint() -> Checkpoint {
    let odd = [0.1, -0.0, 1e-310, f64::MIN_POSITIVE, f64::MAX, -1.0 / 3.0, f64::INFINITY];
    Checkpoint {
        losses: vec![9422.5, 1.0 / 3.0],
        params: vec![odd.to_vec(), vec![], vec![f64::from(0.1_f32), f64::from(f32::MIN_POSITIVE)]],
        optimizer: OptimizerState {
            optimizer: "adam".into(),
            steps: 126,
            buffers: vec![vec![1.5], vec![]],
        },
    }
}

/// The message of loading a file of the given text, without the folder's name.
fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    fs::write(&path, text).unwrap();
    let message = Checkpoint::load(&path).unwrap_err().to_string();
    message.replace(&format!("{}/", folder.path().display()), "")
}

/// The text with a checksum that fits, as one who edits the file might add.
fn sealed(body: &str) -> String {
    let hash = body.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{body}checksum {hash:016x}\n")
}

#[test]
fn every_bit_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    checkpoint().save(&path).unwrap();
    let loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(loaded, checkpoint());
    let bits =
        |c: &Checkpoint| -> Vec<u64> { c.params.iter().flatten().map(|v| v.to_bits()).collect() };
    assert_eq!(bits(&loaded), bits(&checkpoint()));

    // Empty state, an overwritten file, no temporary file left behind.
    Checkpoint::default().save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), Checkpoint::default());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    checkpoint().save(&path).unwrap();
    // A folder in the temporary file's place makes the save fail.
    fs::create_dir(folder.path().join("a.checkpoint.tmp")).unwrap();
    let error = Checkpoint::default().save(&path).unwrap_err();
    assert!(matches!(error, CheckpointError::Unwritable { .. }));
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint());
}

#[test]
fn a_checkpoint_beside_the_program_can_be_saved() {
    // A bare file name has no parent folder to flush.
    let name = format!("chainrule-{}.checkpoint", std::process::id());
    checkpoint().save(&name).unwrap();
    let loaded = Checkpoint::load(&name);
    fs::remove_file(&name).unwrap();
    assert_eq!(loaded.unwrap(), checkpoint());
}

#[test]
fn any_damage_is_seen() {
    let text = checkpoint().to_string();
    let damaged =
        "a.checkpoint: the checkpoint is damaged (its checksum does not fit): use an older one";
    let second_line = text.find('\n').unwrap() + 1;
    for length in second_line..text.len() {
        assert_eq!(refusal(&text[..length]), damaged, "cut to {length} bytes");
    }
    assert_eq!(refusal(&text.replace("9422.5", "9422.6")), damaged);
    assert_eq!(refusal(&format!("{text}more\n")), damaged);
}

#[test]
fn what_is_no_checkpoint_is_named() {
    let not_one = |begin: &str| {
        format!("a.checkpoint: is not a checkpoint of this version: it begins with `{begin}`")
    };
    assert_eq!(refusal(""), not_one(""));
    assert_eq!(refusal("area,price\n1,2\n"), not_one("area,price"));
    assert_eq!(refusal("chainrule-checkpoint 2\n"), not_one("chainrule-checkpoint 2"));
    let bad_line = |line: &str| refusal(&sealed(&format!("chainrule-checkpoint 1\n{line}\n")));
    for line in
        ["leaf 2 1.0", "leaf 1 one", "leaf x", "weights 1 1.0", "optimizer sgd many", "word"]
    {
        let message =
            format!("a.checkpoint, line 2: `{line}` is not a line of a checkpoint: was it edited?");
        assert_eq!(bad_line(line), message);
    }
}

/// Half the square of the parameters.
#[derive(Debug, Default)]
struct Bowl;

impl Objective for Bowl {
    type Inputs<'a> = ();
    type Params = (Vec<f32>, f32);

    fn value(&self, (): (), (v, s): &Self::Params) -> f32 {
        v.iter().chain([s]).map(|p| p * p / 2.0).sum()
    }

    fn value_and_grad_into(&self, (): (), params: &Self::Params, grad: &mut Self::Params) -> f32 {
        grad.clone_from(params);
        self.value((), params)
    }
}

#[test]
fn another_models_or_optimisers_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    let params = || (vec![1.0, 2.0], 3.0);
    let adam = || Adam::new(0.1).unwrap();
    Trainer::<Bowl>::new(params(), adam()).checkpoint(&path, 1).run(&mut ()).unwrap();

    let other = Trainer::<Bowl>::new((vec![1.0], 3.0), adam()).resume(&path).unwrap_err();
    let message = other.to_string();
    let expected = "parameters of [2, 1] numbers, but the model has [1, 1]: resume with the model";
    assert!(message.contains(expected), "{message}");

    let sgd = Sgd::new(0.1).unwrap();
    let other = Trainer::<Bowl>::new(params(), sgd).resume(&path).unwrap_err();
    assert!(matches!(other, TrainError::Optimizer(OptimError::OtherOptimizer { .. })));

    let mut edited = Checkpoint::load(&path).unwrap();
    edited.optimizer.buffers = vec![vec![0.0; 2], vec![0.0; 2]];
    edited.save(&path).unwrap();
    let other = Trainer::<Bowl>::new(params(), adam()).resume(&path).unwrap_err();
    assert!(matches!(other, TrainError::Optimizer(OptimError::StateLayout { .. })));
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_training() {
    let sgd = Sgd::new(0.1).unwrap();
    let mut trainer =
        Trainer::<Bowl>::new((vec![1.0], 3.0), sgd).epochs(9).checkpoint("no/such/folder/a", 2);
    let error = trainer.run(&mut ()).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint(CheckpointError::Unwritable { .. })));
}
