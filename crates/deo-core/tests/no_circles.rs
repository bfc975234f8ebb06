//! The top-level modules of a crate use one another without a circle: each can then be read, tested and moved before those
//! that use it.
//!
//! Module a uses b if a file of a has a path `crate::b` or a `super::` that leads there, outside comments and unit tests. A
//! name that lib.rs re-exports stands for its module. All crates that stand beside this one are read; where it was unpacked
//! by itself there is none but this.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// Module → the modules that it uses, each with a file that does.
pub(crate) type Uses = BTreeMap<String, BTreeMap<String, PathBuf>>;

#[test]
fn top_level_modules_have_no_circle() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(read(&here.join("src")).len() > 20, "modules were missed");
    let beside = here.parent().expect("a folder").read_dir().expect("a folder of crates");
    let crates = beside.map(|entry| entry.expect("an entry").path().join("src"));
    crates.filter(|src| src.join("lib.rs").is_file()).for_each(|src| has_no_circle(&src));
}

fn has_no_circle(src: &Path) {
    let uses = read(src);
    if let Some(circle) = shortest_circle(&uses) {
        let next = circle.iter().cycle().skip(1);
        let steps =
            circle.iter().zip(next).map(|(a, b)| format!("{a} uses {b}: {}", uses[a][b].display()));
        panic!("a circle of modules:\n{}", steps.collect::<Vec<_>>().join("\n"));
    }
}

/// The modules of the crate whose sources are in `src`.
pub(crate) fn read(src: &Path) -> Uses {
    let library = code(&fs::read_to_string(src.join("lib.rs")).unwrap_or_default());
    let exports =
        library.split(';').filter_map(|item| item.split_once("pub use ")).flat_map(|(_, path)| {
            let mut names = path.split(|c: char| !is_name(c)).map(str::to_owned);
            let module = names.next().expect("split gives one part at least");
            names.map(move |name| (name, module.clone()))
        });
    let exports: BTreeMap<String, String> = exports.collect();
    let (mut uses, mut folders) = (Uses::new(), vec![src.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let file = entry.expect("an entry").path();
            let name = file.strip_prefix(src).expect("it is below src").with_extension("");
            let parts: Vec<&str> = name
                .iter()
                .filter_map(|part| part.to_str())
                .filter(|part| *part != "mod")
                .collect();
            if parts.contains(&"tests") || matches!(parts[0], "lib" | "main" | "bin") {
                continue;
            } else if file.is_dir() {
                folders.push(file);
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&file).expect("UTF-8");
                let module = uses.entry(parts[0].to_owned()).or_default();
                module.extend(
                    names(&code(&text), parts.len()).into_iter().map(|name| (name, file.clone())),
                );
            }
        }
    }
    let modules: BTreeSet<String> = uses.keys().cloned().collect();
    for (module, used) in &mut uses {
        let resolved =
            std::mem::take(used).into_iter().map(|(name, file)| match exports.get(&name) {
                Some(from) if !modules.contains(&name) => (from.clone(), file),
                _ => (name, file),
            });
        used.extend(resolved.filter(|(name, _)| name != module && modules.contains(name)));
    }
    uses
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text without comments and without items for tests only.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let mut rest = lines.collect::<Vec<_>>().join("\n");
    let mut code = String::new();
    while let Some(start) =
        ["#[cfg(test)]", "#[cfg(all(test,"].iter().filter_map(|test| rest.find(test)).min()
    {
        code.push_str(&rest[..start]);
        // The item ends with a semicolon or with the brace that closes its first.
        let mut depth = 0;
        let end = rest[start..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0 && (c == ';' || c == '}')
        });
        rest = end.map_or(String::new(), |end| rest[start + end + 1..].to_owned());
    }
    code + &rest
}

/// The names that follow the root of the crate in the code of a module so many levels below it.
fn names(code: &str, level: usize) -> Vec<String> {
    let supers = "super::".repeat(level);
    let starts = ["crate::", &supers].into_iter().flat_map(|root| code.match_indices(root));
    let starts = starts.filter(|(at, _)| !code[..*at].ends_with(|c| is_name(c) || c == ':'));
    starts.flat_map(|(at, root)| heads(&code[at + root.len()..])).collect()
}

/// The first name of a path, or of each path of a group `{a::b, c::{d, e}}`.
fn heads(path: &str) -> Vec<String> {
    let head =
        |path: &str| path.trim_start().chars().take_while(|c| is_name(*c)).collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![head(path)] };
    let (mut depth, mut heads) = (1, vec![head(group)]);
    for (i, c) in group.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (',', 1) => heads.push(head(&group[i + 1..])),
            (_, 0) => break,
            _ => {}
        }
    }
    heads
}

/// The modules of a circle with as few as possible, each using the next and the last the first.
fn shortest_circle(uses: &Uses) -> Option<Vec<String>> {
    let through = |start: &String| {
        let (mut paths, mut seen) = (VecDeque::from([vec![start.clone()]]), BTreeSet::new());
        while let Some(path) = paths.pop_front() {
            for next in uses.get(path.last()?).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    return Some(path);
                } else if seen.insert(next) {
                    paths.push_back([&path[..], std::slice::from_ref(next)].concat());
                }
            }
        }
        None
    };
    uses.keys().filter_map(through).min_by_key(Vec::len)
}

#[test]
fn a_circle_is_found_and_a_tree_is_none() {
    let uses = |edges: &[(&str, &str)]| {
        let mut uses = Uses::new();
        for (a, b) in edges {
            uses.entry(a.to_string()).or_default().insert(b.to_string(), PathBuf::new());
        }
        uses
    };
    let tree = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")];
    assert_eq!(shortest_circle(&uses(&tree)), None);
    let circles = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("c", "e"), ("e", "b")];
    assert_eq!(shortest_circle(&uses(&circles)).expect("there are two"), ["b", "c", "e"]);
}

#[test]
fn paths_are_read_where_they_count() {
    let text = "use crate::{A, b::{c, d},\n e};\nuse super::f;\nuse super::super::g; // crate::h\n\
        #[cfg(test)]\nmod i;\n#[cfg(test)]\npub(crate) mod j { use crate::k; }\n$crate::l!(); let x = my_crate::m;";
    assert_eq!(names(&code(text), 1), ["A", "b", "e", "l", "f", "super"]);
    assert_eq!(names(&code(text), 2), ["A", "b", "e", "l", "g"]);
}
