use super::*;

const ATOMS: &str = "Ar 0 0 0\nAr 1 0 0\nAr 0 1 0\n";
const SPECIES: &str = "Properties=species:S:1:pos:R:3";

fn parse(text: &str) -> Result<Vec<Frame>, XyzError> {
    super::parse(text, Path::new("a.xyz"))
}

/// Three atoms with that comment.
fn commented(comment: &str) -> Result<Vec<Frame>, XyzError> {
    parse(&format!("3\n{comment}\n{ATOMS}"))
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = parse(text).unwrap_err().to_string();
    for word in words.iter().chain(&["a.xyz"]) {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}

#[test]
fn what_is_written_is_read_to_the_bit() {
    let species: Vec<String> = ["Ar", "Ar", "X"].map(str::to_owned).to_vec();
    let x: Vec<f64> = (0..9).map(|i| f64::from(i).sin() / 3.0).collect();
    let text = frame_text(&species, &x, "energy=-1.5").repeat(2) + "\n  \n";
    let frame = Frame { species, x, cell: None, pbc: [false; 3], movable: vec![true; 3] };
    assert_eq!(parse(&text).unwrap(), [frame.clone(), frame]);
}

#[test]
fn what_is_wrong_has_its_line() {
    for (text, words) in [
        ("", "ends at line 1"),
        ("two\n", "line 1: \"two\""),
        ("2\n\nAr 0 0 0\nAr 1 0 0\n", "line 1: \"2\""),
        ("3\n", "ends at line 2"),
        ("3\n\nAr 0 0 0\nAr 1 0\n", "line 4: \"Ar 1 0\""),
        ("3\n\nAr 0 0 nan\n", "line 3"),
        ("3\n\nAr 0 0 1e999\n", "line 3"),
        ("3\n\nAr 0 0 0\nAr 1 0 0\n", "ends at line 5"),
        ("3\n\nAr 0 0 0\n\nAr 1 0 0\nAr 0 1 0\n", "line 4: \"\""),
        ("3\n\n0 0 0 18\n", "line 3: \"0 0 0 18\"; here should be a symbol"),
        ("3\n\n18 0 0 0\n", "Properties=Z:I:1:pos:R:3"),
        ("3\n\n0.95 0 0 18\n", "a symbol and three finite coordinates"),
        ("3\n\nTv 9 0 0\n", "periodic"),
    ] {
        refused(text, &[words]);
    }
    refused(&format!("3\n\n{ATOMS}rest\n"), &["line 6: \"rest\""]);
    refused(&format!("3\n\n{ATOMS}VEC1 1 0 0\n"), &["line 6: \"VEC1 1 0 0\""]);
    refused(&format!("3\n\n{ATOMS}4\n"), &["line 6: \"4\"; here should be 3"]);
    refused(&format!("3\n\n{ATOMS}\n3\n\n{ATOMS}"), &["line 6"]);
}

#[test]
fn free_clusters_with_any_comment() {
    // A cell that nothing repeats itself in is kept, and makes no other cluster.
    let atoms = |frames: Vec<Frame>| {
        let atoms = |frame: Frame| (frame.species, frame.x, frame.pbc);
        frames.into_iter().map(atoms).collect::<Vec<_>>()
    };
    let expected = atoms(commented("").unwrap());
    let cell = "Lattice=\"9 0 0 0 9 0 0 0 9\"";
    for comment in [
        "argon, E = -3.2 eV (step 4)",
        "a cell without pairs",
        "it's \"quoted\" [and] {not} closed (",
        "properties of argon",
        "formula=a=b,c[1] url=x?y=z",
        "energy=-3 note=\"pbc='T T T' Lattice=1\" cellular=1 xpbc=T",
        SPECIES,
        &format!("{SPECIES} pbc=\"F F F\""),
        &format!("  {SPECIES}\tpbc = \"F F F\" {cell}  "),
        &format!("{cell} pbc=[F, F, F] {SPECIES}"),
        &format!("{cell} pbc={{F F F}} {SPECIES}"),
        &format!("{cell} pbc='F F F' {SPECIES}"),
        &format!("cell=[[9, 0, 0], [0, 9, 0], [0, 0, 9]] pbc=False {SPECIES}"),
        "Lattice={9 9 9} pbc=\"0 0 0\"",
        "Properties=\"species:S:1:pos:R:3\" stress={1 2 3} f=[\"a b\", c] \"a key\"=1",
        "Properties = species:S:1:pos:R:3 note=\"a \\\"quoted\\\" pbc=T \\\\\"",
    ] {
        assert_eq!(atoms(commented(comment).unwrap()), expected, "{comment}");
    }
}

#[test]
fn periodic_structures_are_refused_by_line() {
    for comment in [
        "Lattice=\"9 0 0 0 9 0 0 0 9\"",
        "Lattice = \"9 0 0 0 9 0 0 0 9\"",
        "Lattice=\"9 0 0 0 9 0 0 0 9\" pbc=\"T T T\"",
        "Lattice=[[9, 0, 0], [0, 9, 0], [0, 0, 9]]",
        "Lattice={9 0 0 0 9 0 0 0 9}",
        "\"Lattice\"=\"9 0 0 0 9 0 0 0 9\"",
        "cell=\"9 0 0 0 9 0 0 0 9\"",
        "cell =[9, 9, 9] pbc=[F,F,T]",
        "pbc",
        "pbc=T",
        "pbc=[T, F, F]",
        "pbc=\"F T F\"",
        "pbc = {F F T}",
        "pbc=\"1 0 0\"",
        "energy=-1 pbc =True",
        "not in the format: , pbc",
    ] {
        for comment in [comment.to_owned(), format!("{SPECIES} {comment}")] {
            let error = commented(&comment).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.contains("free cluster"), "{error}");
        }
    }
}

#[test]
fn comments_that_do_not_say_what_they_mean_are_refused_by_line() {
    for (comment, words) in [
        ("lattice=\"9 0 0 0 9 0 0 0 9\"", "Lattice"),
        ("PBC=\"F F F\"", "pbc"),
        ("properties=species:S:1:pos:R:3", "Properties"),
        ("Lattice=\"9 0 0 0 9 0 0 0 9", "closed"),
        ("Lattice=[[9, 0, 0], [0, 9, 0]", "closed"),
        ("Properties=species:S:1:pos:R:3 note=\"", "closed"),
        ("Properties==species:S:1:pos:R:3", "closed"),
        ("Properties=\"species:S:1:pos:R:3\"\"", "closed"),
        ("Properties", "a value of Properties"),
        ("Lattice pbc=F", "a value of Lattice"),
        ("Lattice=\"9 0 0 0\" pbc=F", "nine"),
        ("Lattice=\"9 0 0 0 9 0 0 0 inf\" pbc=F", "finite"),
        ("pbc=maybe", "logical"),
        ("pbc=\"F F\"", "logical"),
        ("pbc=\"\"", "logical"),
        ("pbc=F pbc=T", "pbc once"),
        ("pbc and \"a quote", "closed"),
        ("Properties=species:S:1:forces:R:3", "pos:R:3"),
        ("Properties=species:S:1:pos:R:2", "pos:R:3"),
        ("Properties=species:S:1:pos:I:3", "pos:R:3"),
        ("Properties=id:I:1:pos:R:3", "species:S:1"),
        ("Properties=species:S:2:pos:R:3", "species:S:1"),
        ("Properties=pos:R:3:Z:R:1", "Z:I:1"),
        ("Properties=species:S:1:pos:R", "NAME:TYPE:NUMBER"),
        ("Properties=species:S:1:pos:R:x", "NAME:TYPE:NUMBER"),
        ("Properties=species:S:1:pos:R:3:f:X:3", "NAME:TYPE:NUMBER"),
        ("Properties=species:S:1:pos:R:3:f:R:0", "NAME:TYPE:NUMBER"),
        ("Properties=species:S:1:pos:R:3:pos:R:3", "pos once"),
        ("Properties=\"\"", "NAME:TYPE:NUMBER"),
    ] {
        let error = commented(comment).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains(words), "{error}");
    }
}

#[test]
fn columns_are_where_properties_says() {
    let expected = commented("").unwrap();
    for (properties, line) in [
        ("species:S:1:forces:R:3:pos:R:3", "Ar 7 8 9 {r}"),
        ("pos:R:3:species:S:1", "{r} Ar"),
        ("pos:R:3:Z:I:1", "{r} 18"),
        ("Z:I:1:species:S:1:pos:R:3:fixed:L:3:f:R:3", "18 Ar {r} T F True 1.5D-3 nan -inf"),
        ("tag:S:1:id:I:1:species:S:1:pos:R:3", "18 -4 Ar {r}"),
    ] {
        let lines: String =
            ["0 0 0", "1.0 0 0", ".0 +1e0 0.0D0"].map(|r| line.replace("{r}", r) + "\n").concat();
        assert_eq!(parse(&format!("3\nProperties={properties}\n{lines}")).unwrap(), expected);
    }
    for (properties, line, words) in [
        ("species:S:1:pos:R:3", "Ar 0 0 0 7", "4 columns"),
        ("species:S:1:pos:R:3:f:R:3", "Ar 0 0 0 1 2", "7 columns"),
        ("species:S:1:pos:R:3:f:R:99999999999999999999", "Ar 0 0 0 1 2", "NUMBER"),
        ("species:S:1:pos:R:3:f:R:18446744073709551615", "Ar 0 0 0 1 2", "columns"),
        ("species:S:1:pos:R:3:f:R:1", "Ar 0 0 0 x", "f:R:1"),
        ("species:S:1:pos:R:3:f:I:1", "Ar 0 0 0 1.5", "f:I:1"),
        ("species:S:1:pos:R:3:f:L:1", "Ar 0 0 0 2", "f:L:1"),
        ("species:S:1:pos:R:3", "Ar 0 0 nan", "finite"),
        ("Z:I:1:pos:R:3", "119 0 0 0", "0 to 118"),
        ("Z:I:1:pos:R:3", "-1 0 0 0", "0 to 118"),
        ("species:S:1:Z:I:1:pos:R:3", "Ne 18 0 0 0", "Ar"),
        ("species:S:1:pos:R:3", "18 0 0 0", "Z:I:1"),
    ] {
        refused(&format!("3\nProperties={properties}\n{line}\n"), &[words]);
    }
}

#[test]
fn every_frame_has_the_atoms_of_the_first() {
    let other = ATOMS.replace("Ar 1", "Ne 1");
    refused(&format!("3\n\n{ATOMS}3\n\n{other}"), &["line 9", "Ne 1 0 0", "should be Ar"]);
    // The number of an element is its symbol.
    let numbers = ATOMS.replace("Ar", "18");
    let text = format!("3\n\n{ATOMS}3\nProperties=Z:I:1:pos:R:3\n{numbers}");
    assert_eq!(parse(&text).unwrap().len(), 2);
}

#[test]
fn files_of_other_systems() {
    let expected = commented("").unwrap();
    let text = format!("3\n{SPECIES} pbc=\"F F F\"\n{ATOMS}");
    let windows = text.replace('\n', "\r\n");
    let tabs = text.replace("\nAr 1 0 0", "\n\tAr\t1  0\t0 \t");
    for text in [&windows, &tabs, &format!("\u{feff}{windows}\r\n\r\n"), &text.trim().to_owned()] {
        assert_eq!(parse(text).unwrap(), expected);
    }
}

#[test]
fn structures_have_cells_masks_and_atoms_that_are_held() {
    let structures = |text: &str| parse_structures(text, Path::new("a.xyz"));
    let text = "2\nProperties=move_mask:L:1:pos:R:3:forces:R:3:species:S:1 Lattice=\"4 0 0 1 5d0 0 0 0 6E0\" pbc=\"T T F\" note='a b'\n\
        T 0 0 1d-3 9 9 9 Al\nF 1.0E0 2 3 9 9 9 H\n";
    let [frame] = &structures(text).unwrap()[..] else { panic!("one frame") };
    assert_eq!(frame.cell, Some([4.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.0, 0.0, 6.0]));
    assert_eq!((frame.pbc, &frame.movable[..]), ([true, true, false], &[true, false][..]));
    assert_eq!(frame.x, [0.0, 0.0, 1e-3, 1.0, 2.0, 3.0]);
    assert_eq!(frame.species, ["Al", "H"]);
    // What is written is read again, columns that are passed over included.
    let again = structure_text(frame, "energy=-1", &[("forces", &[0.5; 6]), ("mode", &[1e-9; 6])]);
    assert_eq!(structures(&again).unwrap(), std::slice::from_ref(frame));
    // A lattice alone repeats itself along all of its vectors.
    assert_eq!(structures("1\nLattice=\"4 5 6\"\nAl 0 0 0\n").unwrap()[0].pbc, [true; 3]);
    for (comment, atom, word) in [
        ("Properties=species:S:1:pos:R:3:move_mask:L:3", "Al 0 0 0 T T F", "move_mask"),
        ("Lattice=\"1 2\"", "Al 0 0 0", "nine"),
        ("Lattice=\"1 2 x\"", "Al 0 0 0", "nine"),
        ("pbc=\"T T\"", "Al 0 0 0", "pbc"),
        ("", "Al 0 0", "three finite"),
    ] {
        let error = structures(&format!("1\n{comment}\n{atom}\n")).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("line "), "{error}");
    }
}
