"""Training of the reader of words (`studio.backbones.animatic.words`) on free wordings of what sections ask for.

Letters: B batch, K answers.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast, RobertaPreLayerNormConfig
from transformers import RobertaPreLayerNormForSequenceClassification as Classifier

from studio.backbones.animatic.words import CAPTIONS, PART, QUESTIONS, WINDOW, split_answers
from studio.catalogue.cards import CARD, check, files_toml, read_card
from studio.lab.phrasings import read_phrasings
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.curve import Curve
from studio.lab.train.schedules import cosine, warm_up
from studio.lab.world.section import Section
from studio.lab.world.wordings import random_wish
from studio.tables import table

log = logging.getLogger(__name__)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
POOL = 20
"""Batches that are drawn together and sorted by length: short wordings are not padded to the length of long ones."""
FIRST_WEIGHTS = 0.1
"""Deviation of the first weights. With the usual 0.02 so narrow a network learns nothing in its first hundreds of steps."""
SMOOTHING = 0.02
"""Share of the target's probability that is spread over all answers."""


@table
class WordsRecipe:
    """How the reader is trained."""

    run: str
    model: str                                                  # the model folder that the reader is put into
    captions: dict[str, dict[str, str]]                         # the film model's words for each wish, see `WordReader`
    held_out: tuple[str, ...]                                   # files of phrasings to measure and choose with, never trained on
    vocabulary: Annotated[int, Field(ge=200)] = 3000            # tokens
    width: int = 96
    layers: int = 2
    heads: int = 4
    seed: int = 1
    steps: int = 2400
    batch: int = 128
    rate: float = 2e-3
    average: float = 0.995
    every: int = 100
    threads: int = 1


def new_tokenizer(vocabulary: int, wordings: int = 60_000) -> PreTrainedTokenizerFast:
    """A WordPiece tokenizer learned from wordings. A rare word falls into pieces, and a piece within a word is another token than
    the word itself: the wind in a window is no wind."""
    rng = np.random.default_rng(0)
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator((random_wish(rng).caption for _ in range(wordings)), trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL), limit_alphabet=100, show_progress=False))
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, SPECIAL.index(name)) for name in ("[CLS]", "[SEP]")])
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=WINDOW, padding_side="right",
    )


def new_network(recipe: WordsRecipe, vocabulary: int) -> Classifier:
    """A small classifier with an output for each answer, and random weights."""
    torch.manual_seed(recipe.seed)
    labels = [f"{name}: {answer or 'nothing'}" for name, answers in QUESTIONS.items() for answer in answers]
    return Classifier(RobertaPreLayerNormConfig(
        vocab_size=vocabulary, hidden_size=recipe.width, intermediate_size=4 * recipe.width, num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads, max_position_embeddings=WINDOW + 2, type_vocab_size=1,
        pad_token_id=SPECIAL.index("[PAD]"),
        bos_token_id=SPECIAL.index("[CLS]"), eos_token_id=SPECIAL.index("[SEP]"), initializer_range=FIRST_WEIGHTS,
        id2label=dict(enumerate(labels)), label2id={label: at for at, label in enumerate(labels)},
    ))


def targets(sections: list[Section]) -> dict[str, Tensor]:
    """The right answers [B] of each question; -100 for speed and soft start where the camera makes no move."""
    moves = [section.camera not in ("hold", "shake") for section in sections]
    numbers = {name: [QUESTIONS[name].index(getattr(section, name)) for section in sections]
               for name in ("camera", "light", "weather")}
    numbers["speed"] = [QUESTIONS["speed"].index(s.speed) if move else -100 for s, move in zip(sections, moves, strict=True)]
    numbers["eased"] = [int(s.eased) if move else -100 for s, move in zip(sections, moves, strict=True)]
    return {name: torch.tensor(numbers[name]) for name in QUESTIONS}


def plain(text: str) -> str:
    """A text without capitals, punctuation and hyphens."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def draw_batches(
    tokenizer: PreTrainedTokenizerFast, recipe: WordsRecipe, number: int, unseen: frozenset[str]
) -> list[list[Section]]:
    """A pool of POOL batches of wishes, each of wordings about equally long, in random order.

    Args:
        tokenizer: says how long a wording is.
        recipe: has the seed and the size of a batch.
        number: of the pool.
        unseen: wordings, `plain`, that are not used.
    """
    rng, wishes = np.random.default_rng([recipe.seed, number]), list[Section]()
    while len(wishes) < POOL * recipe.batch:
        wish = random_wish(rng)
        if not wish.caption or plain(wish.caption) not in unseen:
            wishes.append(wish)
    lengths = [len(tokens) for tokens in tokenizer([wish.caption for wish in wishes]).input_ids]
    order = sorted(range(len(wishes)), key=lengths.__getitem__)
    return [[wishes[at] for at in order[first * recipe.batch : (first + 1) * recipe.batch]] for first in rng.permutation(POOL)]


def error(logits: Tensor, right: dict[str, Tensor]) -> Tensor:
    """The sum of the questions' cross entropies."""
    return torch.stack([
        F.cross_entropy(part, right[name], label_smoothing=SMOOTHING) for name, part in split_answers(logits).items()
    ]).sum()


def train(recipe: WordsRecipe) -> Path:
    """Begin or resume the recipe's run and train to the last step.

    Returns:
        The folder `model` of the run: the average weights in float16, tokenizer and captions, as a model folder holds them.
    """
    torch.set_num_threads(recipe.threads)
    folder = Path(recipe.run)
    if not (folder / "tokenizer").is_dir():
        new_tokenizer(recipe.vocabulary).save_pretrained(folder / "tokenizer")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
    network = new_network(recipe, len(tokenizer)).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=0.01)
    average = WeightAverage(network, recipe.average)
    step, spent = 0, 0.0
    if state := load_checkpoint(folder / "last.pt"):
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        average.load_state_dict(state["average"])
        step, spent = state["step"], state["spent"]
        torch.set_rng_state(state["random"])
    curve = Curve(folder / "curve.csv", step)
    batches: list[list[Section]] = []
    unseen = frozenset(plain(phrasing.words) for path in recipe.held_out for phrasing in read_phrasings(Path(path)))
    while step < recipe.steps:
        begun = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * warm_up(step, 100) * cosine(step, recipe.steps)
        if not batches or step % POOL == 0:
            batches = draw_batches(tokenizer, recipe, step // POOL, unseen)
        sections = batches[step % POOL]
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt")
        loss = error(network(input_ids=words.input_ids, attention_mask=words.attention_mask).logits, targets(sections))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.step(network)
        step, spent = step + 1, spent + time.monotonic() - begun
        curve.add(step=step, loss=loss.item(), seconds=round(spent, 2))
        if step % recipe.every == 0 or step == recipe.steps:
            log.info("step %d  error %.3f  %.0f s", step, loss.item(), spent)
            save_checkpoint(folder / "last.pt", {
                "network": network.state_dict(), "optimizer": optimizer.state_dict(), "average": average.state_dict(),
                "step": step, "spent": spent, "random": torch.get_rng_state(),      # of dropout
            })
    average.copy_to(network)
    return write(network.eval(), tokenizer, recipe, folder / "model")


def write(network: Classifier, tokenizer: PreTrainedTokenizerFast, recipe: WordsRecipe, folder: Path) -> Path:
    """Write a reader's folder: weights in float16, tokenizer and captions. Returns the folder."""
    network.to(torch.float16).save_pretrained(folder)
    tokenizer.backend_tokenizer.no_padding()          # calling it has set both, and its file should not have them
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.save_pretrained(folder)
    (folder / CAPTIONS).write_text(json.dumps(recipe.captions, indent=1) + "\n", "utf-8")
    return folder


def add_to_model(reader: Path, folder: Path) -> None:
    """Put a reader's folder into a model folder, and list its files on the model's card.

    Raises:
        ModelError: the folder has no card, or a file that its card lists is missing or damaged.
    """
    check(read_card(folder))
    shutil.rmtree(folder / PART, ignore_errors=True)
    shutil.copytree(reader, folder / PART)
    text = (folder / CARD).read_text("utf-8").partition("\n[[files]]")[0]
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix in (".safetensors", ".json"))
    (folder / CARD).write_text(text + files_toml(folder, paths), "utf-8")
    check(read_card(folder), thorough=True)
