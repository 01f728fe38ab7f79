"""The composition root: one factory per service. Only here are concrete classes and clients known.

Nothing is made before it is asked for, so that a function pays only for what it uses.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from random import SystemRandom
from typing import Any

import boto3
from botocore.config import Config

from chalicelib import channels, settings
from chalicelib.domain.adaptation import Tones
from chalicelib.domain.ports import Starter
from chalicelib.gateways.ground import LambdaStarter, NoStarter, SystemClock, TimeOrderedIds
from chalicelib.gateways.media import S3Media
from chalicelib.gateways.secrets import HmacSigner, SecretsManager
from chalicelib.gateways.stream import KinesisStream
from chalicelib.gateways.studio import ImagingStudio
from chalicelib.gateways.transport import HttpTransport
from chalicelib.observability import JsonTelemetry, Tracer
from chalicelib.repositories.accounts import AccountRepository
from chalicelib.repositories.certifications import CertificationRepository
from chalicelib.repositories.commit import Commit
from chalicelib.repositories.dynamo import DynamoTable
from chalicelib.repositories.idempotency import IdempotencyRepository
from chalicelib.repositories.media import UploadRepository
from chalicelib.repositories.messages import MessageRepository
from chalicelib.repositories.profiles import ProfileRepository
from chalicelib.repositories.recipients import RecipientRepository
from chalicelib.services.accounts import AccountBook
from chalicelib.services.connecting import Connecting
from chalicelib.services.conversing import Conversing
from chalicelib.services.deciding import Deciding
from chalicelib.services.delivering import Delivering
from chalicelib.services.intake import Intake
from chalicelib.services.moderating import Moderating
from chalicelib.services.preparing import Preparing
from chalicelib.services.profiling import Profiling
from chalicelib.services.publishing import Publishing
from chalicelib.services.reconciling import Reconciling
from chalicelib.services.releasing import Releasing
from chalicelib.services.repeating import Repeating
from chalicelib.services.subscribing import Subscribing
